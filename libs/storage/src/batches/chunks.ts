import { SallyportError } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { beginEnding, lockBatch, NOW } from './state.js';

/** What a chunk leaves behind: JSON lines of both files, and the requests that were not answered because the batch was ended. */
export interface BatchChunkOutcome {
  output: readonly string[];
  failures: readonly string[];
  unanswered: readonly string[];
}

/** Adds lines while the batch is being validated; a chunk that is there stays as it is. False when the batch is no longer validated. */
export async function insertLines(trx: Kysely<Schema>, id: string, ordinal: number, lines: readonly string[]): Promise<boolean> {
  if ((await lockBatch(trx, id)).status !== 'validating') return false;
  await trx.insertInto('batch_chunks').values({ batch_id: id, ordinal, lines: JSON.stringify(lines) }).onConflict((conflict) => conflict.columns(['batch_id', 'ordinal']).doNothing()).execute();
  return true;
}

/** Removes what an earlier validation left. */
export async function removeLines(trx: Kysely<Schema>, id: string): Promise<void> {
  if ((await lockBatch(trx, id)).status !== 'validating') return;
  await trx.deleteFrom('batch_chunks').where('batch_id', '=', id).execute();
}

/** Lets the lines run, if all chunks are there: another process may have begun validation anew. */
export async function beginRunning(trx: Kysely<Schema>, id: string, { total, chunks }: { total: number; chunks: number }): Promise<void> {
  if ((await lockBatch(trx, id)).status !== 'validating') return;
  const { stored } = await trx.selectFrom('batch_chunks').select((select) => select.fn.countAll<string>().as('stored')).where('batch_id', '=', id).executeTakeFirstOrThrow();
  if (Number(stored) !== chunks) throw new SallyportError('internal_error', `Expected ${chunks} stored chunks, found ${stored}.`);
  await trx.updateTable('batches').set({ status: 'in_progress', in_progress_at: NOW, total }).where('id', '=', id).execute();
}

/** The lines of a chunk, noted as begun; undefined when there is nothing to do: it is done, or its batch is ending. */
export async function claimChunk(trx: Kysely<Schema>, id: string, ordinal: number): Promise<string[] | undefined> {
  const open = trx.selectFrom('batches').select('id').where('id', '=', id).where('status', '=', 'in_progress');
  const row = await trx.updateTable('batch_chunks').set({ started_at: NOW }).where('batch_id', 'in', open).where('ordinal', '=', ordinal).where('output', 'is', null).returning('lines').executeTakeFirst();
  return row && (JSON.parse(row.lines) as string[]);
}

/** Writes what a chunk left behind and counts it, once; the last chunk begins the end. Results that come after the batch was closed are dropped. */
export async function writeChunk(trx: Kysely<Schema>, id: string, ordinal: number, outcome: BatchChunkOutcome): Promise<void> {
  const batch = await lockBatch(trx, id);
  if (batch.closed || batch.status === 'failed') return;
  const { output, failures, unanswered } = outcome;
  const written = await trx
    .updateTable('batch_chunks')
    .set({ output: output.join('\n'), failures: failures.join('\n'), unanswered: JSON.stringify(unanswered) })
    .where('batch_id', '=', id).where('ordinal', '=', ordinal).where('output', 'is', null)
    .returning('ordinal').executeTakeFirst();
  if (written === undefined) return;
  await trx.updateTable('batches').set((set) => ({ completed: set('completed', '+', output.length), failed: set('failed', '+', failures.length) })).where('id', '=', id).execute();
  const left = await trx.selectFrom('batch_chunks').select('ordinal').where('batch_id', '=', id).where('output', 'is', null).limit(1).executeTakeFirst();
  if (left === undefined && batch.status === 'in_progress') await beginEnding(trx, id, 'completed');
}

/** Chunks that were begun and are not done. */
export async function countRunning(kysely: Kysely<Schema>, id: string): Promise<number> {
  const row = await kysely.selectFrom('batch_chunks').select((select) => select.fn.countAll<string>().as('running')).where('batch_id', '=', id).where('started_at', 'is not', null).where('output', 'is', null).executeTakeFirstOrThrow();
  return Number(row.running);
}

/** What there is, chunk by chunk in the order of the input; one chunk is in memory at a time. */
export async function* readOutcomes(kysely: Kysely<Schema>, id: string): AsyncGenerator<BatchChunkOutcome> {
  for (let last = -1; ; ) {
    const chunk = await kysely.selectFrom('batch_chunks').selectAll().where('batch_id', '=', id).where('ordinal', '>', last).orderBy('ordinal').limit(1).executeTakeFirst();
    if (chunk === undefined) return;
    last = chunk.ordinal;
    yield chunk.output === null ? { output: [], failures: [], unanswered: customIds(chunk.lines) } : { output: linesOf(chunk.output), failures: linesOf(chunk.failures), unanswered: JSON.parse(chunk.unanswered ?? '[]') as string[] };
  }
}

const linesOf = (text: string | null): string[] => (text ? text.split('\n') : []);

function customIds(lines: string): string[] {
  return (JSON.parse(lines) as string[]).map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
}
