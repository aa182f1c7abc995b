import { type AuditResult, SallyportError } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely, Selectable } from 'kysely';
import { guarded } from '../failures.js';
import type { AuditChunksTable, Schema } from '../schema.js';
import { publicResult, type StoredResult } from './stored-results.js';
import { lockAudit, requireAudit, settle } from './state.js';

/** A stored chunk as the one who screens it needs it. */
export interface LoadedChunk {
  firstLine: number;
  lines: string[];
  done: boolean;
}

/** What a finished chunk adds to the counters of its audit. */
export interface ChunkCounts {
  failed: number;
  flagged: number;
}

function chunkNotFound(ordinal: number): SallyportError {
  return new SallyportError('not_found', `This audit has no chunk ${ordinal}.`);
}

/** Reads one chunk. */
export async function readChunk(kysely: Kysely<Schema>, id: string, ordinal: number): Promise<LoadedChunk> {
  const row = await kysely
    .selectFrom('audit_chunks')
    .select(['first_line', 'lines', (select) => select('results', 'is not', null).as('done')])
    .where('audit_id', '=', id)
    .where('ordinal', '=', ordinal)
    .executeTakeFirst();
  if (row === undefined) {
    await requireAudit(kysely, id);
    throw chunkNotFound(ordinal);
  }
  return { firstLine: row.first_line, lines: JSON.parse(row.lines) as string[], done: Boolean(row.done) };
}

/** What a finished chunk leaves behind: one result per line, and the raw scores behind each of them. */
export interface ChunkOutcome {
  results: AuditResult[];
  counts: ChunkCounts;
  /** By line number; a line that could not be read has none. */
  scores?: ReadonlyMap<number, readonly StoredScores[]>;
}

/** Writes the results of a chunk and counts them, once; a chunk already done is left as it is. */
export async function writeResults(trx: Kysely<Schema>, id: string, ordinal: number, { results, counts, scores }: ChunkOutcome): Promise<void> {
  await lockAudit(trx, id);
  const chunk = await trx
    .selectFrom('audit_chunks')
    .select(['line_count', (select) => select('results', 'is not', null).as('done')])
    .where('audit_id', '=', id)
    .where('ordinal', '=', ordinal)
    .executeTakeFirst();
  if (chunk === undefined) throw chunkNotFound(ordinal);
  if (chunk.done) return;
  if (results.length !== chunk.line_count) {
    throw new SallyportError('internal_error', `Expected one result for each of the ${chunk.line_count} lines of chunk ${ordinal}, got ${results.length}.`);
  }
  await trx.updateTable('audit_chunks').set({ pending: false, results: toJsonLines(results), scores: scores === undefined ? null : scoreLines(results, scores) }).where('audit_id', '=', id).where('ordinal', '=', ordinal).execute();
  await count(trx, id, results.length, counts);
  await settle(trx, id);
}

async function count(trx: Kysely<Schema>, id: string, done: number, { failed, flagged }: ChunkCounts): Promise<void> {
  await trx
    .updateTable('audits')
    .set((set) => ({ done: set('done', '+', done), failed: set('failed', '+', failed), flagged: set('flagged', '+', flagged) }))
    .where('id', '=', id)
    .execute();
}

function toJsonLines(results: AuditResult[]): string {
  const inOrder = [...results].sort((a, b) => a.line - b.line);
  return inOrder.map((result) => JSON.stringify(result)).join('\n');
}

/** One JSON list per result, in the same order. */
function scoreLines(results: AuditResult[], scores: ReadonlyMap<number, readonly StoredScores[]>): string {
  const inOrder = [...results].sort((a, b) => a.line - b.line);
  return inOrder.map(({ line }) => JSON.stringify(scores.get(line) ?? [])).join('\n');
}

/** A result with what it rests on: the line that was judged, and its raw scores (undefined where none were kept). */
export interface ScoredResult {
  result: AuditResult;
  text: string;
  scores: StoredScores[] | undefined;
}

/** Every result there is with its line and scores, in line order, with one chunk in memory at a time. */
export async function* readScored(kysely: Kysely<Schema>, id: string): AsyncGenerator<ScoredResult> {
  await guarded(() => requireAudit(kysely, id));
  for (let last = -1; ; ) {
    const chunk = await guarded(() => kysely.selectFrom('audit_chunks').select(['ordinal', 'first_line', 'lines', 'results', 'scores']).where('audit_id', '=', id).where('results', 'is not', null).where('ordinal', '>', last).orderBy('ordinal').limit(1).executeTakeFirst());
    if (chunk === undefined) return;
    last = chunk.ordinal;
    yield* scoredOf(chunk);
  }
}

/** The results of a stored chunk with their lines and scores. */
export function* scoredOf(chunk: Pick<Selectable<AuditChunksTable>, 'first_line' | 'lines' | 'results' | 'scores'>): Generator<ScoredResult> {
  if (!chunk.results) return;
  const lines = JSON.parse(chunk.lines) as string[];
  const scores = chunk.scores?.split('\n');
  for (const [index, line] of chunk.results.split('\n').entries()) {
    const result = JSON.parse(line) as StoredResult;
    yield { result: publicResult(result), text: lines[result.line - chunk.first_line] ?? '', scores: scores && (JSON.parse(scores[index]!) as StoredScores[]) };
  }
}

/** Ordinals of the chunks without results. */
export async function readPending(kysely: Kysely<Schema>, id: string): Promise<number[]> {
  const rows = await kysely.selectFrom('audit_chunks').select('ordinal').where('audit_id', '=', id).where('pending', '=', true).orderBy('first_line').execute();
  return rows.map((row) => row.ordinal);
}

/** All results there are, in line order, with one chunk in memory at a time. */
export async function* readResults(kysely: Kysely<Schema>, id: string): AsyncGenerator<AuditResult> {
  await guarded(() => requireAudit(kysely, id));
  for (let last: number | undefined; ; ) {
    const chunk = await guarded(() => nextDone(kysely, id, last));
    if (chunk === undefined) return;
    last = chunk.ordinal;
    if (chunk.results === null || chunk.results === '') continue;
    for (const line of chunk.results.split('\n')) yield publicResult(JSON.parse(line) as StoredResult);
  }
}

async function nextDone(kysely: Kysely<Schema>, id: string, after: number | undefined): Promise<{ ordinal: number; results: string | null } | undefined> {
  let query = kysely.selectFrom('audit_chunks').select(['ordinal', 'results']).where('audit_id', '=', id).where('results', 'is not', null);
  if (after !== undefined) query = query.where('ordinal', '>', after);
  return query.orderBy('ordinal').limit(1).executeTakeFirst();
}
