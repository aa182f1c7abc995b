import { type BatchError, type BatchObject, SallyportError } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import { insertFile, type NewFile } from '../file-repository.js';
import type { BatchEnding, Schema } from '../schema.js';
import { batchNotFound, beginEnding, lockBatch, NOW, toBatch, UNFINISHED } from './state.js';

/** The files of a batch, already on disk; undefined: there was nothing to write. */
export interface BatchFiles {
  output: NewFile | undefined;
  errors: NewFile | undefined;
}

/** What is to be known for writing the files of a batch. */
export interface ClosedBatch {
  ending: BatchEnding;
  owner: string;
  outputExpiresAfterS: number | undefined;
  /** False: it was ended before all of its lines were known. */
  validated: boolean;
}

/** Cancels a batch that is not ending yet; one that is being or was cancelled stays as it is. Throws `conflict` for every other. */
export async function cancelBatch(trx: Kysely<Schema>, owner: string, id: string): Promise<BatchObject> {
  const batch = await lockBatch(trx, id);
  if (batch.owner !== owner) throw batchNotFound();
  if (batch.status === 'cancelling' || batch.status === 'cancelled') return toBatch(batch);
  if (batch.status !== 'validating' && batch.status !== 'in_progress') throw new SallyportError('conflict', `A batch with status ${batch.status} cannot be cancelled.`);
  await beginEnding(trx, id, 'cancelled');
  return toBatch(await lockBatch(trx, id));
}

/** Begins the end of every batch whose window is over. */
export async function expireBatches(kysely: Kysely<Schema>): Promise<void> {
  const change = { status: 'finalizing' as const, ending: 'expired' as const, finalizing_at: NOW };
  await kysely.updateTable('batches').set(change).where('status', 'in', ['validating', 'in_progress']).where('expires_at', '<=', NOW).execute();
}

/** Fails a batch that is being validated. */
export async function failBatch(trx: Kysely<Schema>, id: string, errors: readonly BatchError[]): Promise<void> {
  if ((await lockBatch(trx, id)).status !== 'validating') return;
  await trx.updateTable('batches').set({ status: 'failed', failed_at: NOW, errors: JSON.stringify(errors) }).where('id', '=', id).execute();
  await trx.deleteFrom('batch_chunks').where('batch_id', '=', id).execute();
}

/** Takes no more results, so that what is written to the files is the same however often it is done. Undefined when the batch is not ending. */
export async function closeBatch(trx: Kysely<Schema>, id: string): Promise<ClosedBatch | undefined> {
  const { status, ending, owner, output_expires_after_s: expires, in_progress_at: begun } = await lockBatch(trx, id);
  if (ending === null || !UNFINISHED.includes(status)) return undefined;
  await trx.updateTable('batches').set({ closed: true }).where('id', '=', id).execute();
  return { ending, owner, outputExpiresAfterS: expires ?? undefined, validated: begun !== null };
}

/** Names the files and ends a closed batch, once; its chunks are no longer needed. */
export async function endBatch(trx: Kysely<Schema>, id: string, { output, errors }: BatchFiles): Promise<void> {
  const { status, ending, closed } = await lockBatch(trx, id);
  if (!closed || ending === null || !UNFINISHED.includes(status)) return;
  for (const file of [output, errors]) if (file) await insertFile(trx, file);
  await trx
    .updateTable('batches')
    .set({ status: ending, [`${ending}_at`]: NOW, output_file_id: output?.id ?? null, error_file_id: errors?.id ?? null })
    .where('id', '=', id)
    .execute();
  await trx.deleteFrom('batch_chunks').where('batch_id', '=', id).execute();
}
