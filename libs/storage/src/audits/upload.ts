import { SallyportError } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import { isUniqueViolation } from '../failures.js';
import type { Schema } from '../schema.js';
import { auditNotFound, lockAudit, settle } from './state.js';

/** A piece of the upload: consecutive lines, the first of which has number `firstLine` among all that are stored. */
export interface AuditChunk {
  ordinal: number;
  firstLine: number;
  lines: string[];
  /** Line of the file that the last one is, where lines of the file are left out. */
  lastInputLine?: number;
}

/** Stores chunks of an audit whose upload is open and counts their lines. */
export async function insertChunks(trx: Kysely<Schema>, id: string, chunks: readonly AuditChunk[]): Promise<void> {
  const lines = chunks.reduce((sum, chunk) => sum + chunk.lines.length, 0);
  const counted = await trx
    .updateTable('audits')
    .set((set) => ({ total: set('total', '+', lines) }))
    .where('id', '=', id)
    .where('sealed', '=', false)
    .where('status', 'in', ['queued', 'running', 'paused'])
    .returning('id')
    .executeTakeFirst();
  if (counted === undefined) throw await refusal(trx, id);
  if (chunks.length === 0) return;
  await trx.insertInto('audit_chunks').values(chunks.map((chunk) => toRow(id, chunk))).execute().catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    throw new SallyportError('invalid_request', `One of the chunks ${chunks.map(({ ordinal }) => ordinal).join(', ')} of this audit was uploaded before.`, { cause: error });
  });
}

function toRow(id: string, { ordinal, firstLine, lines, lastInputLine }: AuditChunk) {
  return { audit_id: id, ordinal, first_line: firstLine, line_count: lines.length, last_input_line: lastInputLine ?? null, lines: JSON.stringify(lines) };
}

async function refusal(trx: Kysely<Schema>, id: string): Promise<SallyportError> {
  const audit = await trx.selectFrom('audits').select(['status', 'sealed']).where('id', '=', id).executeTakeFirst();
  if (audit === undefined) return auditNotFound();
  if (audit.status === 'cancelled') return new SallyportError('cancelled', 'The audit was cancelled during its upload.');
  return new SallyportError('invalid_request', `The upload of this audit is over; its status is ${audit.status}.`);
}

/** Closes the upload; `skipped` lines of the input were left out. An audit whose lines are all done by then, or that has none, is completed at once. */
export async function sealUpload(trx: Kysely<Schema>, id: string, { total, skipped }: { total: number; skipped: number }): Promise<void> {
  const audit = await lockAudit(trx, id);
  if (audit.sealed && audit.total === total) return;
  if (audit.sealed || audit.finished) throw await refusal(trx, id);
  if (audit.total !== total) {
    throw new SallyportError('invalid_request', `Expected ${total} uploaded lines, but ${audit.total} are stored.`, { param: 'total' });
  }
  await trx.updateTable('audits').set({ sealed: true, skipped }).where('id', '=', id).execute();
  await settle(trx, id);
}
