import { type PolicyAssignment, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import type { PolicyRepository } from '@sallyport/storage';
import { LRUCache } from 'lru-cache';

/** While the database does not answer, what was last known judges for so long. */
const TRUST_MS = 5_000;
const MOST_POLICIES = 256;

/** What judges under a policy's name now. */
export interface CurrentPolicy {
  active: PolicyVersion;
  shadow: PolicyVersion | undefined;
}

/**
 * Policies in memory. A revision number that grows in the transaction of every change is asked for when a request comes ({@link follow}); when it has grown,
 * everything but the immutable versions is read again. So a request is judged by a version that was active while it ran. Requests that come while a
 * question is under way share the next one; a process that has the database to itself asks nothing.
 */
export class PolicyCache {
  private readonly current = new LRUCache<string, CurrentPolicy>({ max: MOST_POLICIES });
  /** Versions never change, so they are kept for good. */
  private readonly versions = new LRUCache<string, PolicyVersion>({ max: MOST_POLICIES });
  private assigned: Map<string, PolicyAssignment> | undefined;
  private revision: number | undefined;
  /** Grows when knowledge is dropped: what was read before must not be kept after. */
  private generation = 0;
  private confirmedAtMs = Number.NEGATIVE_INFINITY;
  private asking: Promise<void> = Promise.resolve();
  /** The question that has not been put yet. */
  private next: Promise<void> | undefined;

  constructor(
    private readonly repository: PolicyRepository,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Throws `policy_not_found`. */
  async version(id: string, version: number): Promise<PolicyVersion> {
    const key = `${id}@${version}`;
    const known = this.versions.get(key);
    if (known) return known;
    const found = await this.repository.get(id, version);
    this.versions.set(key, found);
    return found;
  }

  /** What judges under the name now. Throws `policy_not_found`. */
  async currentOf(id: string): Promise<CurrentPolicy> {
    const known = this.current.get(id);
    if (known) return known;
    const { generation } = this;
    const [active, shadow] = await Promise.all([this.repository.get(id), this.repository.shadowOf(id)]);
    const found = { active, shadow };
    if (generation === this.generation) this.current.set(id, found);
    return found;
  }

  /** The assignment of a key, model or route. */
  async assignment(kind: PolicyAssignment['kind'], subject: string): Promise<PolicyAssignment | undefined> {
    const { generation } = this;
    const assigned = this.assigned ?? new Map((await this.repository.assignments()).map((one) => [`${one.kind} ${one.subject}`, one]));
    if (generation === this.generation) this.assigned = assigned;
    return assigned.get(`${kind} ${subject}`);
  }

  /** Drops what a change made here has outdated. */
  forget(): void {
    this.generation += 1;
    this.current.clear();
    this.assigned = undefined;
  }

  /** To be awaited when a request begins: what is known afterwards was true at some moment since. Throws when the database has been silent for too long. */
  follow(): Promise<void> {
    if (this.repository.exclusive) return Promise.resolve();
    this.next ??= this.asking.catch(() => undefined).then(() => {
      this.next = undefined;
      this.asking = this.ask();
      return this.asking;
    });
    return this.next;
  }

  private async ask(): Promise<void> {
    const startedMs = this.now();
    try {
      const revision = await this.repository.revision();
      if (revision !== this.revision) this.forget();
      this.revision = revision;
      this.confirmedAtMs = startedMs;
    } catch (error) {
      if (startedMs - this.confirmedAtMs >= TRUST_MS) throw SallyportError.from(error);
    }
  }
}
