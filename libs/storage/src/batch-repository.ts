import { type BatchEndpoint, type BatchError, type BatchObject, type BatchStatus } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import { type BatchChunkOutcome, beginRunning, claimChunk, countRunning, insertLines, readOutcomes, removeLines, writeChunk } from './batches/chunks.js';
import { findByKey, insertBatch, type NewBatch } from './batches/creation.js';
import { type BatchFiles, cancelBatch, type ClosedBatch, closeBatch, endBatch, expireBatches, failBatch } from './batches/ending.js';
import { batchNotFound, toBatch, UNFINISHED } from './batches/state.js';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import type { PageQuery } from './file-repository.js';
import type { Schema } from './schema.js';

export type { BatchChunkOutcome } from './batches/chunks.js';
export type { NewBatch } from './batches/creation.js';
export type { BatchFiles, ClosedBatch } from './batches/ending.js';

/** What whoever works on a batch needs to know of it. */
export interface BatchWork {
  status: BatchStatus;
  endpoint: BatchEndpoint;
  owner: string;
  keyId: string;
  inputFileId: string;
}

/** Batches with their lines and results, in chunks. The status says what is to be done next; every step is one transaction that may be repeated. */
export class BatchRepository {
  constructor(private readonly database: Database) {}

  /** Adds a batch, or gives the one that has the same idempotency key. Throws `conflict` when that one has other parameters. */
  async create(batch: NewBatch): Promise<BatchObject> {
    return this.transaction((trx) => insertBatch(trx, batch));
  }

  /** The batch made before with the same idempotency key, if any. Throws `conflict`. */
  async repeated(batch: Pick<NewBatch, 'owner' | 'idempotencyKey' | 'fingerprint'>): Promise<BatchObject | undefined> {
    return guarded(() => findByKey(this.kysely, batch));
  }

  async get(owner: string, id: string): Promise<BatchObject> {
    const row = await guarded(() => this.kysely.selectFrom('batches').selectAll().where('owner', '=', owner).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw batchNotFound();
    return toBatch(row);
  }

  /** Newest first. Throws `batch_not_found` when `after` is not one of the owner's. */
  async list(owner: string, { limit, after }: PageQuery): Promise<BatchObject[]> {
    let query = this.kysely.selectFrom('batches').selectAll().where('owner', '=', owner);
    if (after !== undefined) query = query.where('seq', '<', await this.position(owner, after));
    return (await guarded(() => query.orderBy('seq', 'desc').limit(limit).execute())).map(toBatch);
  }

  async work(id: string): Promise<BatchWork> {
    const row = await guarded(() => this.kysely.selectFrom('batches').select(['status', 'endpoint', 'owner', 'key_id', 'input_file_id']).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw batchNotFound();
    return { status: row.status, endpoint: row.endpoint, owner: row.owner, keyId: row.key_id, inputFileId: row.input_file_id };
  }

  /** Ids of the batches that have something to do, oldest first. */
  async listUnfinished(): Promise<string[]> {
    const query = this.kysely.selectFrom('batches').select('id').where('status', 'in', UNFINISHED).orderBy('seq');
    return (await guarded(() => query.execute())).map(({ id }) => id);
  }

  /** Adds validated lines; false when the batch is no longer being validated. */
  async addLines(id: string, ordinal: number, lines: readonly string[]): Promise<boolean> {
    return this.transaction((trx) => insertLines(trx, id, ordinal, lines));
  }

  /** Removes what an earlier validation of the batch left. */
  async clearLines(id: string): Promise<void> {
    await this.transaction((trx) => removeLines(trx, id));
  }

  /** Ends validation: the lines may run. Throws `internal_error` unless as many chunks are stored; a batch that is not being validated stays as it is. */
  async begin(id: string, counts: { total: number; chunks: number }): Promise<void> {
    await this.transaction((trx) => beginRunning(trx, id, counts));
  }

  /** Ends validation: the input file is at fault. A batch that is not being validated stays as it is. */
  async fail(id: string, errors: readonly BatchError[]): Promise<void> {
    await this.transaction((trx) => failBatch(trx, id, errors));
  }

  /** Ordinals of the first chunks that are not done, at most `limit`. */
  async pendingChunks(id: string, limit: number): Promise<number[]> {
    const query = this.kysely.selectFrom('batch_chunks').select('ordinal').where('batch_id', '=', id).where('output', 'is', null).orderBy('ordinal').limit(limit);
    return (await guarded(() => query.execute())).map(({ ordinal }) => ordinal);
  }

  /** Lines of a chunk that is to be run now; undefined when there is nothing to run. */
  async claimChunk(id: string, ordinal: number): Promise<string[] | undefined> {
    return guarded(() => claimChunk(this.kysely, id, ordinal));
  }

  /** Stores the results of a chunk and counts them once however often it is called; the last chunk begins the end of the batch. */
  async completeChunk(id: string, ordinal: number, outcome: BatchChunkOutcome): Promise<void> {
    await this.transaction((trx) => writeChunk(trx, id, ordinal, outcome));
  }

  /** Number of chunks that someone works on, or worked on when it was killed. */
  async runningChunks(id: string): Promise<number> {
    return guarded(() => countRunning(this.kysely, id));
  }

  /** Throws `conflict` for a batch that has ended otherwise or is about to. */
  async cancel(owner: string, id: string): Promise<BatchObject> {
    return this.transaction((trx) => cancelBatch(trx, owner, id));
  }

  /** Begins the end of every batch whose completion window is over. */
  async expire(): Promise<void> {
    await guarded(() => expireBatches(this.kysely));
  }

  /** Takes no more results of an ending batch; undefined when it is not ending. */
  async close(id: string): Promise<ClosedBatch | undefined> {
    return this.transaction((trx) => closeBatch(trx, id));
  }

  /** What the chunks left behind, in the order of the input. */
  outcomes(id: string): AsyncIterable<BatchChunkOutcome> {
    return readOutcomes(this.kysely, id);
  }

  /** Ends a closed batch with its files, once. */
  async end(id: string, files: BatchFiles): Promise<void> {
    await this.transaction((trx) => endBatch(trx, id, files));
  }

  private async position(owner: string, id: string): Promise<string> {
    const row = await guarded(() => this.kysely.selectFrom('batches').select('seq').where('owner', '=', owner).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw batchNotFound('after');
    return row.seq;
  }

  private get kysely(): Kysely<Schema> {
    return this.database.kysely;
  }

  private transaction<T>(work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
    return guarded(() => this.kysely.transaction().execute(work));
  }
}
