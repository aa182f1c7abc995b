import type { PolicyChange, PolicyHistoryEntry } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** Who changes something, and why. */
export interface Actor {
  /** Hash of an API key, or `anonymous`. */
  actor?: string;
  note?: string | undefined;
}

/** One change to be written down. */
export interface Change extends Actor {
  id: string;
  change: PolicyChange;
  version: number | null;
  previous?: number | null;
}

/** Who a change is by when nobody asked for it: a gateway that starts. */
const SYSTEM = 'system';

/** Writes a change down and lets every process know that there is one; both belong to the transaction of the change. */
export async function writeDown(trx: Kysely<Schema>, { id, change, version, previous = null, actor = SYSTEM, note }: Change): Promise<void> {
  await trx.insertInto('policy_history').values({ policy_id: id, change, version, previous, actor, note: note ?? null }).execute();
  await trx.updateTable('policy_revision').set({ value: sql<string>`value + 1` }).execute();
}

/** False where the trail shows that the system alone has made a policy what it is. Versions from before there was a trail are anybody's. */
export async function changedByHand(trx: Kysely<Schema>, id: string): Promise<boolean> {
  const entries = await trx.selectFrom('policy_history').select(['change', 'version', 'actor']).where('policy_id', '=', id).execute();
  const versions = await trx.selectFrom('policy_versions').select('version').where('policy_id', '=', id).execute();
  const created = new Set(entries.filter(({ change }) => change === 'created').map(({ version }) => version));
  return entries.some(({ actor }) => actor !== SYSTEM) || versions.some(({ version }) => !created.has(version));
}

/** The number that grows with every change of any policy or assignment. */
export async function readRevision(kysely: Kysely<Schema>): Promise<number> {
  return Number((await kysely.selectFrom('policy_revision').select('value').executeTakeFirstOrThrow()).value);
}

/** Newest changes first; `before` continues below a sequence number. */
export async function readHistory(kysely: Kysely<Schema>, id: string, { limit, before }: { limit: number; before?: number | undefined }): Promise<PolicyHistoryEntry[]> {
  let query = kysely
    .selectFrom('policy_history')
    .select(['seq', 'policy_id', 'change', 'version', 'previous', 'actor', 'note', sql<number>`floor(extract(epoch from at))::float8`.as('at_s')])
    .where('policy_id', '=', id);
  if (before !== undefined) query = query.where('seq', '<', String(before));
  const rows = await query.orderBy('seq', 'desc').limit(limit).execute();
  return rows.map(({ seq, policy_id, at_s, ...row }) => ({ seq: Number(seq), policy: policy_id, ...row, at: at_s }));
}
