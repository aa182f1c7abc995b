import { type AuditStatus, type ErrorCode, SallyportError } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema, StoredError } from '../schema.js';

/** The states in which an audit can still change. */
export const OPEN: AuditStatus[] = ['queued', 'running', 'paused'];

const NOW = sql<Date>`clock_timestamp()`;

/** The error for an id that no audit has. */
export function auditNotFound(): SallyportError {
  return new SallyportError('audit_not_found', 'There is no audit with this id.');
}

/** Locks an audit for the rest of the transaction; throws `audit_not_found`. */
export async function lockAudit(trx: Kysely<Schema>, id: string): Promise<{ sealed: boolean; total: number; finished: boolean }> {
  const audit = await trx.selectFrom('audits').select(['sealed', 'total', 'status']).where('id', '=', id).forUpdate().executeTakeFirst();
  if (audit === undefined) throw auditNotFound();
  return { sealed: audit.sealed, total: audit.total, finished: !OPEN.includes(audit.status) };
}

/** Throws `audit_not_found` when there is no such audit. */
export async function requireAudit(kysely: Kysely<Schema>, id: string): Promise<void> {
  const audit = await kysely.selectFrom('audits').select('id').where('id', '=', id).executeTakeFirst();
  if (audit === undefined) throw auditNotFound();
}

/** Sets an open audit running, from now on if it was not before; a finished one stays as it is. */
export async function setRunning(kysely: Kysely<Schema>, id: string): Promise<void> {
  const started = await kysely
    .updateTable('audits')
    .set({ status: 'running', started_at: sql<Date>`coalesce(started_at, ${NOW})` })
    .where('id', '=', id)
    .where('status', 'in', OPEN)
    .returning('id')
    .executeTakeFirst();
  if (started === undefined) await requireAudit(kysely, id);
}

/** Completes a sealed, open audit all of whose lines are done. */
export async function settle(trx: Kysely<Schema>, id: string): Promise<void> {
  await trx
    .updateTable('audits')
    .set({ status: 'completed', started_at: sql<Date>`coalesce(started_at, ${NOW})`, finished_at: NOW })
    .where('id', '=', id)
    .where('sealed', '=', true)
    .where('status', 'in', OPEN)
    .whereRef('done', '=', 'total')
    .execute();
}

/** Ends an open audit before its time; a finished one stays as it is. */
export async function finish(kysely: Kysely<Schema>, id: string, status: 'failed' | 'cancelled', error?: StoredError): Promise<void> {
  const ended = await kysely
    .updateTable('audits')
    .set({ status, finished_at: NOW, error: error === undefined ? null : JSON.stringify(error) })
    .where('id', '=', id)
    .where('status', 'in', OPEN)
    .returning('id')
    .executeTakeFirst();
  if (ended === undefined) await requireAudit(kysely, id);
}

/** Fails every open audit whose upload is not complete, and says how many there were. */
export async function failOpenUploads(kysely: Kysely<Schema>): Promise<number> {
  const code: ErrorCode = 'service_unavailable';
  const message = 'The service restarted before the upload was complete; send the audit again.';
  const failed = await kysely
    .updateTable('audits')
    .set({ status: 'failed', finished_at: NOW, error: JSON.stringify({ code, message }) })
    .where('sealed', '=', false)
    .where('status', 'in', OPEN)
    .returning('id')
    .execute();
  return failed.length;
}
