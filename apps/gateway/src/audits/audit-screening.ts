import { readStoredLine, type StoredContent, type StoredLine } from '@sallyport/audit-formats';
import { type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { type ScreenPlan, type StoredScores, summarize, toStored } from '@sallyport/policy';
import type { StoredResult } from '@sallyport/storage';
import type { ScreeningOutcome, ScreeningService } from '../screening/screening.service.js';
import { readAuditLine, readLineId } from './audit-line.js';
import { copyOf, type FirstResult } from './first-results.js';
import { planLine } from './plan-line.js';

/** Consecutive lines; `firstLine` is the number of the first among all that are stored. */
export interface LineChunk {
  firstLine: number;
  lines: string[];
}

/** A chunk under way: whose policy judges, and how long one call may take. */
export interface ChunkScreening {
  chunk: LineChunk;
  policy: PolicyVersion;
  deadlineMs: number;
  signal: AbortSignal;
  /** The result of a line that another repeats; without it every line is screened. */
  firstOf?(number: number): Promise<FirstResult | undefined>;
}

/** Results of a chunk in line order, and the raw scores behind them by line. */
export interface ScreenedChunk {
  results: StoredResult[];
  scores: Map<number, StoredScores[]>;
  /** A check gave no verdict. */
  unavailable: boolean;
}

/** What a line says of itself. */
type Head = Pick<StoredResult, 'line' | 'input_line' | 'id' | 'timestamp' | 'source'>;

type Row = { head: Head } & ({ plan: ScreenPlan } | { failed: StoredResult['error'] } | { copied: FirstResult } | { repeats: number });

/** Screens the lines of a chunk in the batch lane: one result per line, in order. A line that cannot be read is an error row; one that repeats another has its result. */
export async function screenChunk(screening: ScreeningService, { chunk, policy, deadlineMs, signal, firstOf }: ChunkScreening): Promise<ScreenedChunk> {
  const rows: Row[] = [];
  const planned = new Map<number, { head: Head; plan: ScreenPlan }>();
  for (const [at, text] of chunk.lines.entries()) {
    const row = await readRow(readStoredLine(text), chunk.firstLine + at, { policy, planned, firstOf });
    rows.push(row);
    if ('plan' in row) planned.set(row.head.line, row);
  }
  const outcomes = await screening.run([...planned.values()].map(({ plan }) => plan), { policy, call: { deadlineMs, signal, lane: 'batch' } });
  const screened = new Map([...planned.values()].map(({ head }, at) => [head.line, { result: resultOf(head, outcomes[at]!), scores: outcomes[at]!.scores.map(toStored) }]));
  const done = rows.map((row) => finished(row, screened));
  return {
    results: done.map(({ result }) => result),
    scores: new Map(done.flatMap(({ result, scores }) => (scores ? [[result.line, scores]] : []))),
    unavailable: outcomes.some((outcome) => outcome.verdicts.some((verdict) => verdict.status === 'indeterminate')),
  };
}

interface Reading {
  policy: PolicyVersion;
  /** Lines of this chunk that will be screened. */
  planned: ReadonlyMap<number, unknown>;
  firstOf: ChunkScreening['firstOf'];
}

async function readRow(stored: StoredLine, line: number, { policy, planned, firstOf }: Reading): Promise<Row> {
  const place = { line, ...(stored.line === undefined ? {} : { input_line: stored.line }) };
  if (stored.kind === 'failure') return { head: { ...place, ...(stored.id === undefined ? {} : { id: stored.id }) }, failed: stored.failure };
  const row = readContent(stored, place, policy);
  if (!stored.duplicateOf || 'failed' in row) return row;
  if (planned.has(stored.duplicateOf.number)) return { head: row.head, repeats: stored.duplicateOf.number };
  const copied = await firstOf?.(stored.duplicateOf.number);
  return copied ? { head: row.head, copied } : row;
}

function readContent({ json }: StoredContent, place: Head, policy: PolicyVersion): Row {
  const bytes = Buffer.from(json, 'utf8');
  try {
    const { id, timestamp, source, ...item } = readAuditLine(bytes);
    return { head: { ...place, ...(id === undefined ? {} : { id }), ...(timestamp === undefined ? {} : { timestamp }), ...(source === undefined ? {} : { source }) }, plan: planLine(item, policy.document) };
  } catch (error) {
    const { code, message, param } = SallyportError.from(error);
    return { head: { ...place, ...readLineId(bytes) }, failed: { code, message, ...(param === undefined ? {} : { param }) } };
  }
}

function finished(row: Row, screened: ReadonlyMap<number, FirstResult>): { result: StoredResult; scores?: StoredScores[] } {
  if ('plan' in row) return screened.get(row.head.line)!;
  if ('repeats' in row) return copyOf(screened.get(row.repeats)!, row.head);
  return 'copied' in row ? copyOf(row.copied, row.head) : { result: { ...row.head, ...(row.failed ? { error: row.failed } : {}) } };
}

/** A line whose checks failed says so; its decision is what the policy makes of that. */
function resultOf(head: Head, outcome: ScreeningOutcome): StoredResult {
  const failed = outcome.verdicts.find((verdict) => verdict.status === 'indeterminate');
  const error = failed && { code: 'guard_unavailable', message: `The ${failed.screen} check gave no verdict (${failed.reason ?? 'error'}).` };
  return { ...head, ...summarize(outcome), ...(error ? { error } : {}) };
}
