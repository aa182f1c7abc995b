import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { POLICY_DEFAULTS, type PolicyAction, type PolicyVersion, type RuleHit, SallyportError } from '@sallyport/contracts';
import { redecide, type Redecision, type ScreeningFacts, toStored } from '@sallyport/policy';
import { PolicyRepository, type ShadowBatch } from '@sallyport/storage';
import { GATEWAY_LOGGER, type GatewayLogger } from '../gateway-options.js';
import { textHits } from '../screening/text-hits.js';
import { PoliciesService } from './policies.service.js';

/** Where a decision fell. */
export interface ShadowedDecision {
  stage: 'prompt' | 'response' | 'moderation' | 'screen';
  requestId: string | null;
}

/** Decisions are added up here for so long before they are written. */
const FLUSH_MS = 1_000;
/** Differences kept between two writes; more are counted only. */
const MOST_DIFFERENCES = 50;
const MOST_TEXT_CHARS = 2_000;

/** Judges what the active version judged once more by the version in its shadow, on the same scores, and adds up what that one would have done. It never acts. */
@Injectable()
export class ShadowService implements OnApplicationShutdown {
  private readonly batches = new Map<string, ShadowBatch>();
  private timer: NodeJS.Timeout | undefined;
  private observing = Promise.resolve();

  constructor(
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(PolicyRepository) private readonly repository: PolicyRepository,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** Takes note of a decision that was made. Returns at once; a failure is logged and changes nothing. */
  observe(facts: ScreeningFacts, where: ShadowedDecision): void {
    if (facts.scores.length === 0 && (facts.texts?.length ?? 0) === 0) return;
    const note = this.note(facts, where).catch((error: unknown) => this.logger.warn({ code: SallyportError.from(error).code }, 'shadow decision not counted'));
    this.observing = Promise.all([this.observing, note]).then(() => undefined);
  }

  /** What the version in the shadow would have done so far. Throws `not_found` while none is. */
  async report(id: string, limit: number) {
    await this.flush();
    const active = await this.policies.resolve(id);
    const shadow = await this.policies.shadowFor(active);
    if (!shadow) throw new SallyportError('not_found', 'No version of this policy is in the shadow; POST .../shadow puts one there.');
    const { counts, rules, differences } = await this.repository.shadowTotals(active.id, shadow.version, limit);
    const sum = (field: 'seen' | 'differing' | 'would_block' | 'would_review' | 'would_allow' | 'unjudged') => counts.reduce((total, row) => total + row[field], 0);
    return {
      id: active.id, version: shadow.version, active: active.version,
      seen: sum('seen'), differing: sum('differing'), would_block: sum('would_block'), would_review: sum('would_review'), would_allow: sum('would_allow'), unjudged: sum('unjudged'),
      by_category: Object.fromEntries(rules.map(({ rule, ...count }) => [rule, count])),
      against: counts,
      differences,
    };
  }

  /** Writes what was added up. */
  async flush(): Promise<void> {
    await this.observing;
    clearTimeout(this.timer);
    this.timer = undefined;
    const batches = [...this.batches.values()];
    this.batches.clear();
    for (const batch of batches) await this.repository.addShadow(batch).catch((error: unknown) => this.logger.warn({ code: SallyportError.from(error).code }, 'shadow counts not written'));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async note(facts: ScreeningFacts, where: ShadowedDecision): Promise<void> {
    const shadow = await this.policies.shadowFor(facts.policy);
    if (!shadow) return;
    const scores = facts.scores.map(toStored);
    this.add(facts, shadow, redecide(scores, shadow, facts.texts, (text, document) => textHits(text, document, facts.redacts?.(text) ?? false)), where);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  private add({ policy, decision, texts }: ScreeningFacts, shadow: PolicyVersion, again: Redecision, { stage, requestId }: ShadowedDecision): void {
    const batch = this.batchOf(policy, shadow);
    batch.seen += 1;
    batch.unjudged += Number(again.unjudged.length > 0);
    count(batch, decision.reasons, 'active');
    count(batch, again.decision.reasons, 'shadow');
    if (decision.action === again.decision.action) return;
    batch.differing += 1;
    batch[`would_${again.decision.action}`] += 1;
    if (batch.differences.length >= MOST_DIFFERENCES) return;
    const text = (policy.document.retention?.text ?? POLICY_DEFAULTS.retention.text) === 'none' ? undefined : (texts ?? []).map((one) => one.text).join('\n').slice(0, MOST_TEXT_CHARS);
    const { reasons } = again.decision.action === 'allow' ? decision : again.decision;
    batch.differences.push({ at: Math.floor(Date.now() / 1_000), request_id: requestId, stage, against: policy.version, active: decision.action, shadow: again.decision.action, reasons, ...(text === undefined ? {} : { text }) });
  }

  private batchOf({ id, version: against, document }: PolicyVersion, { version }: PolicyVersion): ShadowBatch {
    const key = `${id}@${version}/${against}`;
    const batch = this.batches.get(key) ?? { id, version, against, retainDays: document.retention?.days ?? POLICY_DEFAULTS.retention.days, seen: 0, differing: 0, would_block: 0, would_review: 0, would_allow: 0, unjudged: 0, rules: new Map(), differences: [] };
    this.batches.set(key, batch);
    return batch;
  }
}

/** Every rule once per decision. */
function count(batch: ShadowBatch, reasons: ReadonlyArray<{ rule: string; action: PolicyAction | RuleHit['action'] }>, side: 'active' | 'shadow'): void {
  for (const rule of new Set(reasons.filter((reason) => reason.action !== 'allow').map((reason) => reason.rule))) {
    const counts = batch.rules.get(rule) ?? { active: 0, shadow: 0 };
    counts[side] += 1;
    batch.rules.set(rule, counts);
  }
}
