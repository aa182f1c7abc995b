import { type AuditStatus, type ErrorCode, SallyportError } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema, StoredError } from '../schema.js';

/** The states in which an audit can still change. */
export const OPEN: AuditStatus[] = ['queued', 'running', 'paused'];

/** The database's time, also within a transaction. */
export const NOW = sql<Date>`clock_timestamp()`;

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

/** What changes when an audit runs from now on: its rate is measured from here. */
export const running = { status: 'running' as const, started_at: sql<Date>`coalesce(started_at, ${NOW})`, resumed_at: NOW, window_at: NOW, window_done: sql<number>`done`, mark_at: NOW, mark_done: sql<number>`done` };

/** What changes when an audit no longer runs: the time that it ran is kept. */
export const stopped = { active_s: sql<number>`active_s + coalesce(extract(epoch from ${NOW} - resumed_at)::float8, 0)`, resumed_at: null };

/** Sets a queued audit running; any other stays as it is. */
export async function setRunning(kysely: Kysely<Schema>, id: string): Promise<void> {
  const started = await kysely.updateTable('audits').set(running).where('id', '=', id).where('status', '=', 'queued').returning('id').executeTakeFirst();
  if (started === undefined) await requireAudit(kysely, id);
}

/** Completes a sealed, open audit all of whose lines are done. */
export async function settle(trx: Kysely<Schema>, id: string): Promise<void> {
  const ended = await trx
    .updateTable('audits')
    .set({ ...stopped, status: 'completed', started_at: sql<Date>`coalesce(started_at, ${NOW})`, finished_at: NOW })
    .where('id', '=', id).where('sealed', '=', true).where('status', 'in', OPEN).whereRef('done', '=', 'total')
    .returning('id').executeTakeFirst();
  if (ended) await eraseText(trx, id);
}

/** Ends an open audit before its time; a finished one stays as it is. */
export async function finish(trx: Kysely<Schema>, id: string, status: 'failed' | 'cancelled', error?: StoredError): Promise<void> {
  await lockAudit(trx, id);
  await giveUpRetries(trx, id);
  const ended = await trx
    .updateTable('audits')
    .set({ ...stopped, status, finished_at: NOW, error: error === undefined ? null : JSON.stringify(error) })
    .where('id', '=', id).where('status', 'in', OPEN)
    .returning('id').executeTakeFirst();
  if (ended) await eraseText(trx, id);
}

/** Lines that were to be tried again count as what they were: failed. */
async function giveUpRetries(trx: Kysely<Schema>, id: string): Promise<void> {
  const given = await trx.updateTable('audit_chunks').set({ pending: false, turn: null }).where('audit_id', '=', id).where('pending', '=', true).where('results', 'is not', null).returning('retryable').execute();
  const lines = given.reduce((sum, { retryable }) => sum + retryable, 0);
  await trx.updateTable('audits').set((set) => ({ done: set('done', '+', lines), failed: set('failed', '+', lines), retryable: set('retryable', '+', lines) })).where('id', '=', id).where('status', 'in', OPEN).execute();
}

/** Erases the lines of an ended audit that is not to keep them, but for chunks with lines that may be tried again. */
async function eraseText(trx: Kysely<Schema>, id: string): Promise<void> {
  const erasing = trx.selectFrom('audits').select('id').where('id', '=', id).where('retain_text', '=', false);
  await trx
    .updateTable('audit_chunks')
    .set({ lines: '[]' })
    .where('audit_id', 'in', erasing).where('lines', '!=', '[]')
    .where((where) => where.or([where('retryable', '=', 0), where.exists(where.selectFrom('audits').select('id').where('id', '=', id).where('status', '!=', 'completed'))]))
    .execute();
}

/** Fails every open audit whose upload is not complete, and says how many there were. */
export async function failOpenUploads(kysely: Kysely<Schema>): Promise<number> {
  const code: ErrorCode = 'service_unavailable';
  const message = 'The service restarted before the upload was complete; send the audit again.';
  const open = await kysely.selectFrom('audits').select('id').where('sealed', '=', false).where('status', 'in', OPEN).execute();
  for (const { id } of open) await kysely.transaction().execute((trx) => finish(trx, id, 'failed', { code, message }));
  return open.length;
}
