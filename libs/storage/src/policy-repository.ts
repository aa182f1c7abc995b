import type { AssignmentKind, PolicyAssignment, PolicyDocument, PolicyHistoryEntry, PolicyVersion, PolicyVersionRecord } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import { type ActivateOptions, activateVersion, rollBack, shadowVersion } from './policies/activation.js';
import { assign, readAssignments, unassign } from './policies/assignments.js';
import { addShadowBatch, readShadowTotals, type ShadowBatch, type ShadowTotals } from './policies/shadow-records.js';
import { type Actor, changedByHand, readHistory, readRevision, writeDown } from './policies/trail.js';
import { insertVersion, isVersion, lockPolicy, policyNotFound, readRecord, readVersions, requireVersion, type VersionQuery, type VersionSummary } from './policies/versions.js';
import type { Schema } from './schema.js';

export type { ActivateOptions } from './policies/activation.js';
export type { ShadowBatch, ShadowDifference, ShadowTotals } from './policies/shadow-records.js';
export type { Actor } from './policies/trail.js';
export type { VersionQuery, VersionSummary } from './policies/versions.js';

/** One policy in a listing. */
export interface PolicyListing {
  id: string;
  active: number;
  /** Only while a version is in the shadow. */
  shadow?: number;
  versions: number[];
}

/** Which policies a listing holds: `after` continues behind an id, `prefix` is how ids begin. */
export interface ListQuery {
  limit?: number;
  after?: string | undefined;
  prefix?: string | undefined;
}

/** What a new version is made of beside its document. */
export interface CreateOptions extends Actor {
  author?: string | undefined;
  /** Default: the active version. */
  parent?: number | undefined;
  /** The version is refused unless this one is active. */
  expected?: number | undefined;
}

/** How {@link PolicyRepository.apply} decides. */
export interface ApplyOptions extends Omit<CreateOptions, 'parent'> {
  same(newest: PolicyDocument, wanted: PolicyDocument): boolean;
  activate: boolean;
}

/** What {@link PolicyRepository.apply} did. */
export interface AppliedVersion {
  version: number;
  created: boolean;
  activated: boolean;
}

/** What {@link PolicyRepository.renew} found: the document is active now, was a version already, or stays out because somebody changed the policy, or may have. */
export type Renewal = { outcome: 'renewed'; version: number } | { outcome: 'known' } | { outcome: 'changed by hand' };

/** Policies as numbered, immutable versions, one of which is active. */
export class PolicyRepository {
  constructor(private readonly database: Database) {}

  /** Creates version 1 and activates it, unless the policy exists. */
  async seed(id: string, document: PolicyDocument): Promise<void> {
    await this.transaction(async (trx) => {
      if (await insertPolicy(trx, id)) await firstVersion(trx, id, document, {});
    });
  }

  /**
   * Adds a document as a version and activates it where the trail shows that nobody has ever changed the policy, so that what an operator decided stays. A document that was a version already is not
   * brought back: of two releases that share a database the newer one wins.
   */
  async renew(id: string, document: PolicyDocument, note: string): Promise<Renewal> {
    return this.transaction(async (trx) => {
      const { active } = await lockPolicy(trx, id);
      const known = await trx.selectFrom('policy_versions').select('version').where('policy_id', '=', id).where('document', '=', JSON.stringify(document)).limit(1).executeTakeFirst();
      if (known !== undefined) return { outcome: 'known' };
      if (await changedByHand(trx, id)) return { outcome: 'changed by hand' };
      const { version } = await addVersion(trx, { id, document, active }, { note });
      await activateVersion(trx, id, version, { note });
      return { outcome: 'renewed', version };
    });
  }

  /** Policies by id, with the numbers of their versions. */
  async list({ limit, after, prefix }: ListQuery = {}): Promise<PolicyListing[]> {
    let page = this.kysely.selectFrom('policies').select(['id', 'active', 'shadow']).orderBy('id');
    if (after !== undefined) page = page.where('id', '>', after);
    if (prefix !== undefined) page = page.where(sql<boolean>`starts_with(id, ${prefix})`);
    const policies = await guarded(() => (limit === undefined ? page : page.limit(limit)).execute());
    if (policies.length === 0) return [];
    const rows = await guarded(() => this.kysely.selectFrom('policy_versions').select(['policy_id', 'version']).where('policy_id', 'in', policies.map(({ id }) => id)).orderBy('version').execute());
    const versions = new Map<string, number[]>(policies.map(({ id }) => [id, []]));
    for (const { policy_id, version } of rows) versions.get(policy_id)?.push(version);
    return policies.map(({ id, active, shadow }) => ({ id, active, ...(shadow === null ? {} : { shadow }), versions: versions.get(id) ?? [] }));
  }

  /** One version of a policy, the active one when no number is given. */
  async get(id: string, version?: number): Promise<PolicyVersion> {
    if (version !== undefined && !isVersion(version)) throw policyNotFound();
    const row = await guarded(() =>
      this.kysely
        .selectFrom('policies')
        .innerJoin('policy_versions', 'policy_versions.policy_id', 'policies.id')
        .select(['policy_versions.version', 'policy_versions.document'])
        .where('policies.id', '=', id)
        .where((where) => where('policy_versions.version', '=', version ?? where.ref('policies.active')))
        .executeTakeFirst(),
    );
    if (row === undefined) throw policyNotFound();
    return { id, version: row.version, document: JSON.parse(row.document) as PolicyDocument };
  }

  /** The version in the shadow of the active one; undefined when there is none. Throws `policy_not_found`. */
  async shadowOf(id: string): Promise<PolicyVersion | undefined> {
    const policy = await guarded(() => this.kysely.selectFrom('policies').select('shadow').where('id', '=', id).executeTakeFirst());
    if (policy === undefined) throw policyNotFound();
    return policy.shadow === null ? undefined : this.get(id, policy.shadow);
  }

  /** One version with author, note, parent and state. */
  record(id: string, version: number): Promise<PolicyVersionRecord> {
    return guarded(() => readRecord(this.kysely, id, version));
  }

  /** Versions without their documents, newest first. */
  async versions(id: string, query: VersionQuery): Promise<VersionSummary[]> {
    await this.get(id);
    return guarded(() => readVersions(this.kysely, id, query));
  }

  /** Adds the next version of a policy; a new policy starts with version 1 as the active one. */
  async createVersion(id: string, document: PolicyDocument, { expected, parent, author, ...actor }: CreateOptions = {}): Promise<PolicyVersion> {
    return this.transaction(async (trx) => {
      if (expected === undefined && parent === undefined && (await insertPolicy(trx, id))) return firstVersion(trx, id, document, { author, ...actor });
      const { active } = await lockPolicy(trx, id, expected);
      if (parent !== undefined) await requireVersion(trx, id, parent);
      return addVersion(trx, { id, document, active }, { parent, author, ...actor });
    });
  }

  /**
   * Adds a document as the next version unless the newest one is the same by `same`, and activates it if wanted: one transaction, so that doing it twice, even at once,
   * makes one version.
   */
  async apply(id: string, document: PolicyDocument, { same, activate, ...options }: ApplyOptions): Promise<AppliedVersion> {
    return this.transaction(async (trx) => {
      if (options.expected === undefined && (await insertPolicy(trx, id))) {
        await firstVersion(trx, id, document, options);
        return { version: 1, created: true, activated: true };
      }
      const { active, latest } = await lockPolicy(trx, id, options.expected);
      const newest = await readRecord(trx, id, latest);
      const unchanged = same(newest.document, document);
      const version = unchanged ? latest : (await addVersion(trx, { id, document, active }, options)).version;
      if (activate && version !== active) await activateVersion(trx, id, version, options);
      return { version, created: !unchanged, activated: activate && version !== active };
    });
  }

  /** Makes a version the active one; with `expected`, only if that is still the active one. */
  async activate(id: string, version: number, options: ActivateOptions = {}): Promise<void> {
    await this.transaction((trx) => activateVersion(trx, id, version, options));
  }

  /** Goes back to the version that was active before; gives its number. Throws `version_conflict` when there is none. */
  async rollBack(id: string, options: ActivateOptions = {}): Promise<number> {
    return this.transaction((trx) => rollBack(trx, id, options));
  }

  /** Puts a version into the shadow of the active one; null ends that. */
  async setShadow(id: string, version: number | null, options: ActivateOptions = {}): Promise<void> {
    await this.transaction((trx) => shadowVersion(trx, id, version, options));
  }

  /** Every change of a policy, newest first. */
  async history(id: string, page: { limit: number; before?: number | undefined }): Promise<PolicyHistoryEntry[]> {
    await this.get(id);
    return guarded(() => readHistory(this.kysely, id, page));
  }

  /** True when only this process can change policies, so that nobody has to ask for changes. */
  get exclusive(): boolean {
    return this.database.exclusive;
  }

  /** Grows with every change of any policy or assignment, in the same transaction. */
  revision(): Promise<number> {
    return guarded(() => readRevision(this.kysely));
  }

  assignments(): Promise<PolicyAssignment[]> {
    return guarded(() => readAssignments(this.kysely));
  }

  /** Gives a key, model or route a policy of its own. */
  async assign(assignment: PolicyAssignment, actor: Actor = {}): Promise<void> {
    await this.transaction((trx) => assign(trx, assignment, actor));
  }

  async unassign(kind: AssignmentKind, subject: string, actor: Actor = {}): Promise<void> {
    await this.transaction((trx) => unassign(trx, kind, subject, actor));
  }

  /** Adds what a shadow version would have done. */
  async addShadow(batch: ShadowBatch): Promise<void> {
    await this.transaction((trx) => addShadowBatch(trx, batch));
  }

  shadowTotals(id: string, version: number, limit: number): Promise<ShadowTotals> {
    return guarded(() => readShadowTotals(this.kysely, id, version, limit));
  }

  private get kysely(): Kysely<Schema> {
    return this.database.kysely;
  }

  private transaction<T>(work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
    return guarded(() => this.database.kysely.transaction().execute(work));
  }
}

/** True when the policy is new. */
async function insertPolicy(trx: Kysely<Schema>, id: string): Promise<boolean> {
  const created = await trx.insertInto('policies').values({ id, active: 1, latest: 1 }).onConflict((conflict) => conflict.column('id').doNothing()).returning('id').executeTakeFirst();
  return created !== undefined;
}

/** Adds the next version of a policy whose row is locked. */
async function addVersion(trx: Kysely<Schema>, { id, document, active }: { id: string; document: PolicyDocument; active: number }, { parent, author, note, actor }: CreateOptions): Promise<PolicyVersion> {
  const { latest } = await trx.updateTable('policies').set({ latest: sql<number>`latest + 1` }).where('id', '=', id).returning('latest').executeTakeFirstOrThrow();
  const created = await insertVersion(trx, { id, version: latest, document }, { note, author: author ?? actor, parent: parent ?? active });
  await writeDown(trx, { id, change: 'created', version: latest, previous: null, note, ...(actor === undefined ? {} : { actor }) });
  return created;
}

async function firstVersion(trx: Kysely<Schema>, id: string, document: PolicyDocument, { author, ...actor }: CreateOptions): Promise<PolicyVersion> {
  const created = await insertVersion(trx, { id, version: 1, document }, { note: actor.note, author: author ?? actor.actor });
  await trx.updateTable('policy_versions').set({ activated_at: sql<Date>`clock_timestamp()` }).where('policy_id', '=', id).where('version', '=', 1).execute();
  await writeDown(trx, { id, change: 'created', version: 1, ...actor });
  await writeDown(trx, { id, change: 'activated', version: 1, ...actor });
  return created;
}
