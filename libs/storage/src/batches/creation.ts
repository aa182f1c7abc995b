import { type BatchEndpoint, type BatchObject, SallyportError } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { batchNotFound, toBatch } from './state.js';

/** What is asked of a new batch. */
export interface NewBatch {
  id: string;
  owner: string;
  keyId: string;
  endpoint: BatchEndpoint;
  inputFileId: string;
  completionWindow: string;
  metadata?: Record<string, string> | undefined;
  outputExpiresAfterS?: number | undefined;
  idempotencyKey?: string | undefined;
  /** Digest of the parameters. */
  fingerprint: string;
  windowMs: number;
}

/** Adds a batch, or gives the one that was made with the same idempotency key. Throws `conflict` when that one has other parameters. */
export async function insertBatch(trx: Kysely<Schema>, batch: NewBatch): Promise<BatchObject> {
  const inserted = await trx
    .insertInto('batches')
    .values({
      id: batch.id, owner: batch.owner, key_id: batch.keyId, endpoint: batch.endpoint, input_file_id: batch.inputFileId, completion_window: batch.completionWindow,
      metadata: batch.metadata === undefined ? null : JSON.stringify(batch.metadata), output_expires_after_s: batch.outputExpiresAfterS ?? null,
      idempotency_key: batch.idempotencyKey ?? null, fingerprint: batch.fingerprint,
      expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${batch.windowMs / 1_000})`,
    })
    .onConflict((conflict) => conflict.columns(['owner', 'idempotency_key']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted) return toBatch(inserted);
  const earlier = await findByKey(trx, batch);
  if (earlier === undefined) throw batchNotFound();
  return earlier;
}

/** The batch that was made with the same idempotency key, if any. Throws `conflict` when its parameters differ. */
export async function findByKey(kysely: Kysely<Schema>, { owner, idempotencyKey, fingerprint }: Pick<NewBatch, 'owner' | 'idempotencyKey' | 'fingerprint'>): Promise<BatchObject | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const row = await kysely.selectFrom('batches').selectAll().where('owner', '=', owner).where('idempotency_key', '=', idempotencyKey).executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.fingerprint !== fingerprint) throw new SallyportError('conflict', 'A batch was created with this idempotency key and other parameters.', { param: 'idempotency_key' });
  return toBatch(row);
}
