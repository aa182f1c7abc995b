import { type BatchError, type BatchObject, type BatchStatus, SallyportError } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { seconds } from '../file-repository.js';
import type { BatchEnding, BatchesTable, Schema } from '../schema.js';

/** The states in which a batch still has something to do. */
export const UNFINISHED: BatchStatus[] = ['validating', 'in_progress', 'finalizing', 'cancelling'];
/** The database's time, also within a transaction. */
export const NOW = sql<Date>`clock_timestamp()`;

/** The error for an id that no batch of the asker has. */
export function batchNotFound(param = 'batch_id'): SallyportError {
  return new SallyportError('batch_not_found', 'There is no batch with this id.', { param });
}

/** Locks a batch for the rest of the transaction; throws `batch_not_found`. */
export async function lockBatch(trx: Kysely<Schema>, id: string): Promise<Selectable<BatchesTable>> {
  const batch = await trx.selectFrom('batches').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (batch === undefined) throw batchNotFound();
  return batch;
}

/** No new lines are begun; what is done goes into the files. */
export async function beginEnding(trx: Kysely<Schema>, id: string, ending: BatchEnding): Promise<void> {
  const change = ending === 'cancelled' ? { status: 'cancelling' as const, cancelling_at: NOW } : { status: 'finalizing' as const, finalizing_at: NOW };
  await trx.updateTable('batches').set({ ...change, ending }).where('id', '=', id).execute();
}

/** A stored batch as its owner sees it. */
export function toBatch(row: Selectable<BatchesTable>): BatchObject {
  const at = (time: Date | null) => (time === null ? null : seconds(time));
  return {
    id: row.id, object: 'batch', endpoint: row.endpoint,
    errors: row.errors === null ? null : { object: 'list', data: JSON.parse(row.errors) as BatchError[] },
    input_file_id: row.input_file_id, completion_window: row.completion_window, status: row.status,
    output_file_id: row.output_file_id, error_file_id: row.error_file_id,
    created_at: seconds(row.created_at), in_progress_at: at(row.in_progress_at), expires_at: seconds(row.expires_at), finalizing_at: at(row.finalizing_at),
    completed_at: at(row.completed_at), failed_at: at(row.failed_at), expired_at: at(row.expired_at), cancelling_at: at(row.cancelling_at), cancelled_at: at(row.cancelled_at),
    request_counts: { total: row.total, completed: row.completed, failed: row.failed },
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, string>),
  };
}
