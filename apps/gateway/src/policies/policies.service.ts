import { Inject, Injectable } from '@nestjs/common';
import { type AssignmentKind, type PolicyAssignment, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { diffDocuments, inOrder, parsePolicyDocument, policyCategories } from '@sallyport/policy';
import { type ActivateOptions, type AppliedVersion, type CreateOptions, type ListQuery, PolicyRepository, type VersionQuery } from '@sallyport/storage';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { PolicyCache } from './policy-cache.js';
import { readReference, requireId } from './policy-reference.js';

/** Whose request is to be judged. */
export interface PolicyChoice {
  /** What the request itself names. */
  requested: string | undefined;
  keyId?: string | undefined;
  model?: string | undefined;
  /** `chat`, `moderations`, `screens` or `audits`. */
  route: string;
}

/** Policies by reference and by whose request it is, and every change of them. */
@Injectable()
export class PoliciesService {
  private readonly cache: PolicyCache;

  constructor(
    @Inject(PolicyRepository) private readonly repository: PolicyRepository,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    this.cache = new PolicyCache(repository);
  }

  /** The policy that `id` (its active version) or `id@version` names; without a reference the server's default. Throws `policy_not_found`. */
  async resolve(reference: string | undefined): Promise<PolicyVersion> {
    await this.cache.follow();
    return this.known(reference);
  }

  private async known(reference: string | undefined): Promise<PolicyVersion> {
    const { id, version } = readReference(reference ?? this.settings.defaultPolicy);
    return version === undefined ? (await this.cache.currentOf(id)).active : this.cache.version(id, version);
  }

  /** The policy of a request: the one it names, else that of its key, its model, its route, else the default. Throws `forbidden` where its key may not name another. */
  async choose({ requested, keyId, model, route }: PolicyChoice): Promise<PolicyVersion> {
    await this.cache.follow();
    const own = keyId === undefined ? undefined : await this.cache.assignment('key', keyId);
    if (requested !== undefined) {
      if (own && !own.allowRequest && requested !== own.policy) throw new SallyportError('forbidden', 'This API key is bound to a policy and may not name another.', { param: 'policy' });
      return this.known(requested);
    }
    const assigned = own ?? (model === undefined ? undefined : await this.cache.assignment('model', model)) ?? (await this.cache.assignment('route', route));
    return this.known(assigned?.policy);
  }

  /** Throws `forbidden` for a key that is bound to a policy: it must not be able to change what binds it. */
  async requireEditor(keyId: string): Promise<void> {
    await this.cache.follow();
    const own = await this.cache.assignment('key', keyId);
    if (own && !own.allowRequest) throw new SallyportError('forbidden', 'This API key is bound to a policy and may not change policies.');
  }

  version(id: string, version: number): Promise<PolicyVersion> {
    return this.cache.version(id, version);
  }

  /** The version that shadows this one: only the active version has a shadow. */
  async shadowFor({ id, version }: PolicyVersion): Promise<PolicyVersion | undefined> {
    const { active, shadow } = await this.cache.currentOf(id);
    return active.version === version ? shadow : undefined;
  }

  /** A page of policies, and the id behind which the next page begins. */
  async list({ limit, ...query }: ListQuery & { limit: number }) {
    const found = await this.repository.list({ ...query, limit: limit + 1 });
    const data = found.slice(0, limit);
    return { data, ...(found.length > limit ? { next: data.at(-1)!.id } : {}) };
  }

  async versions(id: string, { limit, ...query }: VersionQuery) {
    const found = await this.repository.versions(id, { ...query, limit: limit + 1 });
    const data = found.slice(0, limit);
    return { data, ...(found.length > limit ? { next: data.at(-1)!.version } : {}) };
  }

  record(id: string, version: number) {
    return this.repository.record(id, version);
  }

  async history(id: string, { limit, before }: { limit: number; before?: number | undefined }) {
    const found = await this.repository.history(id, { before, limit: limit + 1 });
    const data = found.slice(0, limit);
    return { data, ...(found.length > limit ? { next: data.at(-1)!.seq } : {}) };
  }

  /** Checks a document and stores it as the next version. */
  async createVersion(id: string, document: unknown, options: CreateOptions): Promise<PolicyVersion> {
    requireId(id);
    return this.changed(() => this.repository.createVersion(id, parsePolicyDocument(document), options));
  }

  /**
   * Stores a document unless the newest version is the same already, and so does nothing when it is called twice, even at once.
   * With `activate` the version then judges, whether it is new or not.
   */
  async apply(id: string, document: unknown, { activate, ...options }: Omit<CreateOptions, 'parent'> & { activate: boolean }): Promise<AppliedVersion> {
    requireId(id);
    const wanted = inOrder(parsePolicyDocument(document));
    return this.changed(() => this.repository.apply(id, wanted, { activate, ...options, same: (newest, other) => diffDocuments(newest, other).length === 0 }));
  }

  /** Makes a version the active one; with `expected`, only while that one still is. */
  async activate(id: string, version: number, options: ActivateOptions): Promise<PolicyVersion> {
    await this.changed(() => this.repository.activate(id, version, options));
    return this.version(id, version);
  }

  /** Goes back to the version that was active before. */
  async rollBack(id: string, options: ActivateOptions): Promise<PolicyVersion> {
    return this.version(id, await this.changed(() => this.repository.rollBack(id, options)));
  }

  async setShadow(id: string, version: number | null, options: ActivateOptions): Promise<void> {
    await this.changed(() => this.repository.setShadow(id, version, options));
  }

  assignments(): Promise<PolicyAssignment[]> {
    return this.repository.assignments();
  }

  async assign(assignment: PolicyAssignment, actor: string): Promise<void> {
    readReference(assignment.policy);
    await this.changed(() => this.repository.assign(assignment, { actor }));
  }

  async unassign(kind: AssignmentKind, subject: string, actor: string): Promise<void> {
    await this.changed(() => this.repository.unassign(kind, subject, { actor }));
  }

  async categories(reference: string) {
    return policyCategories((await this.resolve(reference)).document);
  }

  /** What differs between two versions. */
  async diff(id: string, from: number, to: number) {
    const [before, after] = await Promise.all([this.version(id, from), this.version(id, to)]);
    return diffDocuments(before.document, after.document);
  }

  private async changed<Result>(change: () => Promise<Result>): Promise<Result> {
    try {
      return await change();
    } finally {
      this.cache.forget();
    }
  }
}
