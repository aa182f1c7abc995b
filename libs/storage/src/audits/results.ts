import { type AuditResult, SallyportError } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { chunkNotFound } from './chunks.js';
import { counted } from './progress.js';
import { lockAudit, settle } from './state.js';

/** What the results of a chunk add to the counters of its audit. */
export interface ChunkCounts {
  failed: number;
  flagged: number;
}

/** What a try of a chunk leaves behind: one result per line that was to be screened, and the raw scores behind each of them. */
export interface ChunkOutcome {
  results: readonly AuditResult[];
  counts: ChunkCounts;
  /** By line number; a line that could not be read has none. */
  scores?: ReadonlyMap<number, readonly StoredScores[]>;
}

/** A result and the scores behind it, as JSON; undefined: the chunk keeps none. */
export interface StoredRow {
  result: AuditResult;
  scores: string | undefined;
}

/** Codes of lines whose check failed, so that another try may help; all others are faults of the line. */
const RETRYABLE: ReadonlySet<string> = new Set(['guard_unavailable', 'check_failed', 'worker_lost', 'service_unavailable', 'overloaded', 'deadline_exceeded', 'internal_error']);

/** Whether another try of a line may give another result. */
export function mayRetry({ error }: AuditResult): boolean {
  return error !== undefined && RETRYABLE.has(error.code);
}

/** Writes the results of a pending chunk and counts them, in one transaction and once; a chunk that is not pending is left as it is. */
export async function writeResults(trx: Kysely<Schema>, id: string, ordinal: number, { results, counts, scores }: ChunkOutcome): Promise<void> {
  await lockAudit(trx, id);
  const chunk = await trx.selectFrom('audit_chunks').select(['line_count', 'pending', 'results', 'scores']).where('audit_id', '=', id).where('ordinal', '=', ordinal).executeTakeFirst();
  if (chunk === undefined) throw chunkNotFound(ordinal);
  if (!chunk.pending) return;
  const before = toRows(chunk);
  requireEach(ordinal, results, before?.filter(({ result }) => mayRetry(result)).length ?? chunk.line_count);
  const rows = merged(before ?? [], results.map((result) => ({ result, scores: scores && JSON.stringify(scores.get(result.line) ?? []) })));
  await trx.updateTable('audit_chunks').set({ ...fromRows(rows), pending: false, turn: null, tries: 0 }).where('audit_id', '=', id).where('ordinal', '=', ordinal).execute();
  await count(trx, id, results, counts);
  await settle(trx, id);
}

/** The rows of a chunk; undefined for one that has no results yet. */
export function toRows({ results, scores }: { results: string | null; scores: string | null }): StoredRow[] | undefined {
  if (results === null) return undefined;
  const kept = scores?.split('\n');
  return results === '' ? [] : results.split('\n').map((line, index) => ({ result: JSON.parse(line) as AuditResult, scores: kept?.[index] }));
}

/** The columns of a chunk that hold its rows. */
export function fromRows(rows: readonly StoredRow[]) {
  const unscored = rows.every(({ scores }) => scores === undefined);
  return {
    results: rows.map(({ result }) => JSON.stringify(result)).join('\n'),
    scores: unscored ? null : rows.map(({ scores }) => scores ?? '[]').join('\n'),
    failed: rows.filter(({ result }) => result.error).length,
    retryable: rows.filter(({ result }) => mayRetry(result)).length,
  };
}

function requireEach(ordinal: number, results: readonly AuditResult[], expected: number): void {
  if (results.length !== expected) throw new SallyportError('internal_error', `Expected one result for each of the ${expected} lines of chunk ${ordinal}, got ${results.length}.`);
}

/** In line order; new rows take the place of old ones of the same line. */
function merged(before: readonly StoredRow[], after: readonly StoredRow[]): StoredRow[] {
  const byLine = new Map([...before, ...after].map((row) => [row.result.line, row]));
  return [...byLine.values()].sort((one, other) => one.result.line - other.result.line);
}

async function count(trx: Kysely<Schema>, id: string, results: readonly AuditResult[], { failed, flagged }: ChunkCounts): Promise<void> {
  const retryable = results.filter(mayRetry).length;
  await trx
    .updateTable('audits')
    .set((set) => ({ ...counted(results.length), failed: set('failed', '+', failed), flagged: set('flagged', '+', flagged), retryable: set('retryable', '+', retryable) }))
    .where('id', '=', id)
    .execute();
}
