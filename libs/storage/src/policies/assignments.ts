import { type AssignmentKind, type PolicyAssignment, SallyportError } from '@sallyport/contracts';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import { type Actor, writeDown } from './trail.js';
import { requireVersion } from './versions.js';

/** All assignments, by kind and subject. */
export async function readAssignments(kysely: Kysely<Schema>): Promise<PolicyAssignment[]> {
  const rows = await kysely.selectFrom('policy_assignments').selectAll().orderBy('kind').orderBy('subject').execute();
  return rows.map(({ allow_request, ...row }) => ({ ...row, allowRequest: allow_request }));
}

/** Sets the policy of a key, model or route. Throws `policy_not_found` for one that does not exist. */
export async function assign(trx: Kysely<Schema>, { kind, subject, policy, allowRequest }: PolicyAssignment, actor: Actor): Promise<void> {
  const { id, version } = await requirePolicy(trx, policy);
  const values = { policy, allow_request: allowRequest };
  await trx.insertInto('policy_assignments').values({ kind, subject, ...values }).onConflict((conflict) => conflict.columns(['kind', 'subject']).doUpdateSet(values)).execute();
  await writeDown(trx, { id, change: 'assigned', version, ...actor, note: `${kind} ${subject}` });
}

/** Takes an assignment away. Throws `not_found` where there is none. */
export async function unassign(trx: Kysely<Schema>, kind: AssignmentKind, subject: string, actor: Actor): Promise<void> {
  const removed = await trx.deleteFrom('policy_assignments').where('kind', '=', kind).where('subject', '=', subject).returning('policy').executeTakeFirst();
  if (removed === undefined) throw new SallyportError('not_found', `This ${kind} has no policy of its own.`);
  await writeDown(trx, { id: removed.policy.split('@', 1)[0]!, change: 'unassigned', version: null, ...actor, note: `${kind} ${subject}` });
}

async function requirePolicy(trx: Kysely<Schema>, reference: string): Promise<{ id: string; version: number | null }> {
  const [id = '', version] = reference.split('@');
  if (version !== undefined) {
    await requireVersion(trx, id, Number(version));
    return { id, version: Number(version) };
  }
  const found = await trx.selectFrom('policies').select('id').where('id', '=', id).executeTakeFirst();
  if (found === undefined) throw new SallyportError('policy_not_found', 'There is no policy with this id.', { param: 'policy' });
  return { id, version: null };
}
