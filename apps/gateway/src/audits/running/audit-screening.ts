import { setImmediate as turn } from 'node:timers/promises';
import { readStoredLine, type StoredContent, type StoredLine } from '@sallyport/audit-formats';
import { type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { type ScreenPlan, type StoredScores, summarize, toStored } from '@sallyport/policy';
import type { StoredResult } from '@sallyport/storage';
import type { ScreeningContext, ScreeningOutcome, ScreeningService } from '../../screening/screening.service.js';
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
  /** Numbers of the lines that are to be screened; all of them unless said. */
  open?: readonly number[];
  /** Lines that are checked together; {@link LINES_TOGETHER} unless said. */
  together?: number;
}

/** Results of a chunk in line order, and the raw scores behind them by line. */
export interface ScreenedChunk {
  results: StoredResult[];
  scores: Map<number, StoredScores[]>;
  /** Lines of which a check gave no verdict. */
  unavailable: number;
}

/** What a line says of itself. */
type Head = Pick<StoredResult, 'line' | 'input_line' | 'id' | 'timestamp' | 'source'>;

type Planned = { head: Head; plan: ScreenPlan };
type Row = Planned | ({ head: Head } & ({ failed: StoredResult['error'] } | { copied: FirstResult } | { repeats: number }));

/** As many as one call to a guard takes. */
const LINES_TOGETHER = 16;

/** Screens the lines of a chunk in the batch lane: one result per line, in order. A line that cannot be read is an error row; one that repeats another has its result. */
export async function screenChunk(screening: ScreeningService, { chunk, open, policy, deadlineMs, signal, firstOf, together = LINES_TOGETHER }: ChunkScreening): Promise<ScreenedChunk> {
  const [rows, planned] = [[] as Row[], new Map<number, Planned>()];
  const groups = new PlanGroups(screening, { policy, call: { deadlineMs, signal, lane: 'batch' } }, together);
  for (const line of open ?? chunk.lines.map((_, at) => chunk.firstLine + at)) {
    const row = await readRow(readStoredLine(chunk.lines[line - chunk.firstLine] ?? ''), line, { policy, planned, firstOf });
    rows.push(row);
    if (!('plan' in row)) continue;
    planned.set(line, row);
    await groups.add(row);
  }
  const outcomes = await groups.outcomes();
  const screened = new Map([...planned.values()].map(({ head }, at) => [head.line, { result: resultOf(head, outcomes[at]!), scores: outcomes[at]!.scores.map(toStored) }]));
  const done = rows.map((row) => finished(row, screened));
  return {
    results: done.map(({ result }) => result),
    scores: new Map(done.flatMap(({ result, scores }) => (scores ? [[result.line, scores]] : []))),
    unavailable: outcomes.filter((outcome) => outcome.verdicts.some((verdict) => verdict.status === 'indeterminate')).length,
  };
}

/** Plans on their way to the guards, some at a time. */
class PlanGroups {
  private readonly running: Array<Promise<ScreeningOutcome[]>> = [];
  private waiting: ScreenPlan[] = [];

  constructor(private readonly screening: ScreeningService, private readonly context: ScreeningContext, private readonly size: number) {}

  async add({ plan }: Planned): Promise<void> {
    this.waiting.push(plan);
    if (this.waiting.length < this.size) return;
    this.send();
    // Remembered verdicts answer without any wait: online requests must get their turn all the same.
    await turn();
  }

  /** One per plan, in order. */
  async outcomes(): Promise<ScreeningOutcome[]> {
    if (this.waiting.length > 0) this.send();
    return (await Promise.all(this.running)).flat();
  }

  private send(): void {
    const outcomes = this.screening.run(this.waiting, this.context);
    // Awaited at the end; what fails before that is no unhandled rejection.
    outcomes.catch(() => undefined);
    this.running.push(outcomes);
    this.waiting = [];
  }
}

interface Reading {
  policy: PolicyVersion;
  /** Lines of this chunk that will be screened. */
  planned: ReadonlyMap<number, unknown>;
  firstOf: ChunkScreening['firstOf'];
}

async function readRow(stored: StoredLine, line: number, { policy, planned, firstOf }: Reading): Promise<Row> {
  const place = placeOf(stored, line);
  if (stored.kind === 'failure') return { head: { ...place, ...(stored.id === undefined ? {} : { id: stored.id }) }, failed: stored.failure };
  const row = readContent(stored, place, policy);
  if (!stored.duplicateOf || 'failed' in row) return row;
  if (planned.has(stored.duplicateOf.number)) return { head: row.head, repeats: stored.duplicateOf.number };
  const copied = await firstOf?.(stored.duplicateOf.number);
  return copied ? { head: row.head, copied } : row;
}

const placeOf = (stored: StoredLine, line: number): Head => ({ line, ...(stored.line === undefined ? {} : { input_line: stored.line }) });

function readContent({ json }: StoredContent, place: Head, policy: PolicyVersion): Planned | { head: Head; failed: StoredResult['error'] } {
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
  const error = failed && { code: 'check_failed', message: `The ${failed.screen} check gave no verdict (${failed.reason ?? 'error'}).` };
  return { ...head, ...summarize(outcome), ...(error ? { error } : {}) };
}

/** The result of a line whose check was begun again and again, also alone, and never ended. */
export function unendingResult(text: string, line: number, tries: number): StoredResult {
  const stored = readStoredLine(text);
  const id = stored.kind === 'content' ? readLineId(Buffer.from(stored.json, 'utf8')) : {};
  return { ...placeOf(stored, line), ...id, error: { code: 'check_failed', message: `The check of this line was begun ${tries} times, also alone, and never ended: it ended its process, or failed.` } };
}
