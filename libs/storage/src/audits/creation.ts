import { SallyportError } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import { isUniqueViolation } from '../failures.js';
import type { Schema } from '../schema.js';

/** An audit that is to be uploaded. */
export interface NewAudit {
  id: string;
  /** Who may see it. */
  owner: string;
  policyId: string;
  policyVersion: number;
  /** Among the audits of one owner, higher goes first; 0 unless said. */
  priority?: number | undefined;
  /** JSON text: how its input is read. */
  options?: string | undefined;
  /** False: its lines are erased once it has ended and nothing of them can be tried again. */
  retainText?: boolean | undefined;
}

/** Adds a queued audit whose upload is open. Throws `invalid_request` for an id that is taken. */
export async function insertAudit(kysely: Kysely<Schema>, { id, owner, policyId, policyVersion, priority = 0, options, retainText = true }: NewAudit): Promise<void> {
  const insert = kysely.insertInto('audits').values({ id, owner, policy_id: policyId, policy_version: policyVersion, priority, options: options ?? null, retain_text: retainText });
  await insert.execute().catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    throw new SallyportError('invalid_request', 'There is an audit with this id.', { param: 'id', cause: error });
  });
}
