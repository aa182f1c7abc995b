import { type PolicyDocument, type PolicyState, type PolicyVersion, type PolicyVersionRecord, SallyportError } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

export type VersionSummary = Omit<PolicyVersionRecord, 'document'>;

export function policyNotFound(): SallyportError {
  return new SallyportError('policy_not_found', 'There is no policy with this id and version.');
}

export function isVersion(version: number): boolean {
  return Number.isInteger(version) && version >= 1 && version < 2 ** 31;
}

/** Locks a policy for the rest of the transaction. Throws `policy_not_found`; `version_conflict` when another version than expected is active. */
export async function lockPolicy(trx: Kysely<Schema>, id: string, expectedActive?: number): Promise<{ active: number; shadow: number | null; latest: number }> {
  const policy = await trx.selectFrom('policies').select(['active', 'shadow', 'latest']).where('id', '=', id).forUpdate().executeTakeFirst();
  if (policy === undefined) throw policyNotFound();
  if (expectedActive !== undefined && policy.active !== expectedActive) {
    throw new SallyportError('version_conflict', `Expected version ${expectedActive} to be active, but version ${policy.active} is.`);
  }
  return policy;
}

/** Throws `policy_not_found` unless the version exists. */
export async function requireVersion(trx: Kysely<Schema>, id: string, version: number): Promise<void> {
  const row = isVersion(version) ? await trx.selectFrom('policy_versions').select('version').where('policy_id', '=', id).where('version', '=', version).executeTakeFirst() : undefined;
  if (row === undefined) throw policyNotFound();
}

/** What a new version carries beside its document. */
export interface VersionOrigin {
  note?: string | undefined;
  author?: string | undefined;
  parent?: number | undefined;
}

export async function insertVersion(trx: Kysely<Schema>, { id, version, document }: PolicyVersion, { note, author, parent }: VersionOrigin): Promise<PolicyVersion> {
  const text = JSON.stringify(document);
  await trx.insertInto('policy_versions').values({ policy_id: id, version, document: text, note: note ?? null, author: author ?? null, parent: parent ?? null }).execute();
  return { id, version, document: JSON.parse(text) as PolicyDocument };
}

/** The state of a version follows from its policy and from whether it was ever active. */
const STATE = sql<PolicyState>`CASE WHEN policies.active = policy_versions.version THEN 'active' WHEN policies.shadow = policy_versions.version THEN 'shadow' WHEN policy_versions.activated_at IS NULL THEN 'draft' ELSE 'retired' END`;

function selectSummaries(kysely: Kysely<Schema>, id: string) {
  return kysely
    .selectFrom('policy_versions')
    .innerJoin('policies', 'policies.id', 'policy_versions.policy_id')
    .select(['policy_versions.version', 'policy_versions.author', 'policy_versions.note', 'policy_versions.parent', STATE.as('state'), sql<number>`floor(extract(epoch from policy_versions.created_at))::float8`.as('created_s')])
    .where('policies.id', '=', id);
}

/** Which versions a listing holds. */
export interface VersionQuery {
  limit: number;
  before?: number | undefined;
  state?: PolicyState | undefined;
}

/** Versions without their documents, newest first. */
export async function readVersions(kysely: Kysely<Schema>, id: string, { limit, before, state }: VersionQuery): Promise<VersionSummary[]> {
  let query = selectSummaries(kysely, id);
  if (before !== undefined) query = query.where('policy_versions.version', '<', before);
  if (state !== undefined) query = query.where(STATE, '=', state);
  const rows = await query.orderBy('policy_versions.version', 'desc').limit(limit).execute();
  return rows.map(({ created_s, ...row }) => ({ id, ...row, created_at: created_s }));
}

/** One version with all that is known of it. Throws `policy_not_found`. */
export async function readRecord(kysely: Kysely<Schema>, id: string, version: number): Promise<PolicyVersionRecord> {
  const query = selectSummaries(kysely, id).select('policy_versions.document').where('policy_versions.version', '=', version);
  const row = isVersion(version) ? await query.executeTakeFirst() : undefined;
  if (row === undefined) throw policyNotFound();
  const { created_s, document, ...rest } = row;
  return { id, ...rest, created_at: created_s, document: JSON.parse(document) as PolicyDocument };
}
