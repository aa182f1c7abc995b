import { type AuditStatus, SallyportError } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { AuditsTable, Schema } from '../schema.js';
import { auditNotFound, finish, OPEN, running, stopped } from './state.js';

type Audit = Pick<Selectable<AuditsTable>, 'status' | 'started_at' | 'failed' | 'retryable'>;

/** Lets no more lines be begun; one that is paused stays as it is. Throws `audit_state_conflict` for one that has ended. */
export async function pauseAudit(trx: Kysely<Schema>, owner: string, id: string): Promise<void> {
  const { status } = await lockOwned(trx, owner, id);
  if (status === 'paused') return;
  requireStatus('paused', status, ['queued', 'running']);
  // Jobs that have taken chunks of it begin none, and let go of them with their next turn.
  await trx.updateTable('audits').set({ ...stopped, status: 'paused' }).where('id', '=', id).execute();
}

/** Lets a paused audit go on; one that is not paused goes on anyway. Throws `audit_state_conflict` for one that has ended. */
export async function resumeAudit(trx: Kysely<Schema>, owner: string, id: string): Promise<void> {
  const { status, started_at: startedAt } = await lockOwned(trx, owner, id);
  if (status === 'queued' || status === 'running') return;
  requireStatus('resumed', status, ['paused']);
  await trx.updateTable('audits').set(startedAt === null ? { status: 'queued' } : running).where('id', '=', id).execute();
}

/** Ends an open audit; one that was cancelled stays as it is. Throws `audit_state_conflict` for one that has ended otherwise. */
export async function cancelAudit(trx: Kysely<Schema>, owner: string, id: string): Promise<void> {
  const { status } = await lockOwned(trx, owner, id);
  if (status === 'cancelled') return;
  requireStatus('cancelled', status, OPEN);
  await finish(trx, id, 'cancelled');
}

/** Sets a completed audit running again, with nothing but the lines whose check failed. Throws `audit_state_conflict` for one that is not completed, `nothing_to_retry` where no check failed. */
export async function retryAudit(trx: Kysely<Schema>, owner: string, id: string): Promise<void> {
  const { status, failed, retryable } = await lockOwned(trx, owner, id);
  requireStatus('retried', status, ['completed']);
  if (retryable === 0) throw new SallyportError('nothing_to_retry', failed === 0 ? 'No line of this audit failed.' : `The ${failed} failed lines of this audit could not be read; correct them and send them as another audit.`);
  await trx.updateTable('audit_chunks').set({ pending: true, tries: 0, turn: null }).where('audit_id', '=', id).where('retryable', '>', 0).execute();
  await trx
    .updateTable('audits')
    .set({ ...running, done: sql<number>`done - retryable`, failed: sql<number>`failed - retryable`, window_done: sql<number>`done - retryable`, mark_done: sql<number>`done - retryable`, retryable: 0, finished_at: null })
    .where('id', '=', id).execute();
}

async function lockOwned(trx: Kysely<Schema>, owner: string, id: string): Promise<Audit> {
  const audit = await trx.selectFrom('audits').select(['status', 'started_at', 'failed', 'retryable']).where('owner', '=', owner).where('id', '=', id).forUpdate().executeTakeFirst();
  if (audit === undefined) throw auditNotFound();
  return audit;
}

function requireStatus(done: string, status: AuditStatus, allowed: readonly AuditStatus[]): void {
  if (!allowed.includes(status)) throw new SallyportError('audit_state_conflict', `An audit that is ${status} cannot be ${done}; only one that is ${allowed.join(' or ')} can.`);
}
