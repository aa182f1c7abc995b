import { type AuditResult, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { planPrompt, planText, type ScreenPlan, type StoredScores, summarize, toStored } from '@sallyport/policy';
import type { ScreeningOutcome, ScreeningService } from '../screening/screening.service.js';
import { type LineChunk, TOO_LONG } from './line-chunks.js';
import { type AuditItem, readAuditLine, readLineId } from './audit-line.js';

/** A chunk under way: whose policy judges, and how long one call may take. */
export interface ChunkScreening {
  chunk: LineChunk;
  policy: PolicyVersion;
  deadlineMs: number;
  signal: AbortSignal;
}

/** Results of a chunk in line order, and the raw scores behind them by line. */
export interface ScreenedChunk {
  results: AuditResult[];
  scores: Map<number, StoredScores[]>;
  /** A check gave no verdict. */
  unavailable: boolean;
}

type Row = { line: number; item: AuditItem; plan: ScreenPlan } | { line: number; failed: AuditResult };

/** Screens the lines of a chunk in the batch lane: one result per line, in order. A line that cannot be read is an error row. */
export async function screenChunk(screening: ScreeningService, { chunk, policy, deadlineMs, signal }: ChunkScreening): Promise<ScreenedChunk> {
  const rows = chunk.lines.map((text, at) => readRow(text, chunk.firstLine + at, policy));
  const planned = rows.filter((row) => 'plan' in row);
  const outcomes = await screening.run(planned.map((row) => row.plan), { policy, call: { deadlineMs, signal, lane: 'batch' } });
  const byLine = new Map(planned.map((row, at) => [row.line, resultOf(row, outcomes[at]!)]));
  return {
    results: rows.map((row) => ('failed' in row ? row.failed : byLine.get(row.line)!)),
    scores: new Map(planned.map((row, at) => [row.line, outcomes[at]!.scores.map(toStored)])),
    unavailable: outcomes.some((outcome) => outcome.verdicts.some((verdict) => verdict.status === 'indeterminate')),
  };
}

function readRow(text: string, line: number, policy: PolicyVersion): Row {
  const bytes = Buffer.from(text, 'utf8');
  try {
    if (text === TOO_LONG) throw new SallyportError('request_too_large', 'The line is longer than this server accepts.');
    const item = readAuditLine(bytes);
    return { line, item, plan: planOf(item, policy) };
  } catch (error) {
    const { code, message, param } = SallyportError.from(error);
    return { line, failed: { line, ...readLineId(bytes), error: { code, message, ...(param === undefined ? {} : { param }) } } };
  }
}

function planOf(item: AuditItem, policy: PolicyVersion): ScreenPlan {
  if (item.messages) return planPrompt({ messages: item.messages }, policy.document);
  return planText(item.text ?? '', item.direction ?? 'prompt', policy.document);
}

/** A line whose checks failed says so; its decision is what the policy makes of that. */
function resultOf({ line, item }: { line: number; item: AuditItem }, outcome: ScreeningOutcome): AuditResult {
  const head = { line, ...(item.id === undefined ? {} : { id: item.id }) };
  const failed = outcome.verdicts.find((verdict) => verdict.status === 'indeterminate');
  const error = failed && { code: 'guard_unavailable', message: `The ${failed.screen} check gave no verdict (${failed.reason ?? 'error'}).` };
  return { ...head, ...summarize(outcome), ...(error ? { error } : {}) };
}
