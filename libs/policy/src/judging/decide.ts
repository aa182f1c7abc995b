import type { Decision, DecisionReason, PolicyAction, PolicyVersion, RuleAction, RuleHit, Verdict } from '@sallyport/contracts';
import { ANY_ATTACK, ANY_HARM } from '../taxonomies/labels.js';
import { policyName } from './judge.js';

const SEVERITY: Record<RuleAction, number> = { allow: 0, review: 1, redact: 2, block: 3 };

/** The severest of several actions; `allow` for none. */
export const severest = (actions: readonly PolicyAction[]): PolicyAction => actions.reduce((worst, action) => (SEVERITY[action] > SEVERITY[worst] ? action : worst), 'allow');

/** What a decision rests on beside verdicts and policy. */
export interface DecideOptions {
  /** Entries of lists and personal data that the texts met. */
  hits?: readonly RuleHit[];
}

/**
 * What is to be done, from verdicts, hits and policy alone. An indeterminate check blocks unless the policy lets it pass, and then the decision says `degraded`.
 * A text that an allow entry covers loses the reasons that scores gave it, but not those of block entries, of personal data and of failed checks.
 * What is to be redacted blocks too unless the hit says that it is taken out. Reasons are ordered: severest action first, named categories before "any", highest score first.
 */
export function decide(verdicts: readonly Verdict[], policy: PolicyVersion, { hits = [] }: DecideOptions = {}): Decision {
  const allowedBy = new Map(hits.filter((hit) => hit.source === 'list' && hit.action === 'allow').map((hit) => [hit.subject, hit.rule]));
  const reasons: DecisionReason[] = hits.filter((hit) => hit.action !== 'allow').map(({ source, ...hit }) => ({ ...hit, screen: source }));
  const waived: NonNullable<Decision['waived']> = [];
  for (const reason of verdicts.flatMap((verdict) => reasonsOf(verdict, policy))) {
    const entry = reason.indeterminate === undefined ? allowedBy.get(reason.subject) : undefined;
    if (entry === undefined) reasons.push(reason);
    else waived.push({ ...reason, allowedBy: entry });
  }
  reasons.sort(byWeight);
  const degraded = verdicts.some((verdict) => verdict.status === 'indeterminate' && policy.document.onFailure[verdict.screen] === 'allow');
  const action = severest(reasons.map(({ action: wanted, redacted }) => (wanted === 'redact' ? (redacted ? 'allow' : 'block') : wanted)));
  return { action, policy: policyName(policy), reasons, degraded, ...(waived.length > 0 ? { waived } : {}) };
}

function reasonsOf(verdict: Verdict, policy: PolicyVersion): DecisionReason[] {
  const { subject, screen, direction } = verdict;
  if (verdict.status === 'indeterminate') return [{ subject, screen, direction, rule: 'indeterminate', action: policy.document.onFailure[screen], indeterminate: verdict.reason ?? 'error' }];
  return Object.entries(verdict.categories)
    .filter(([, category]) => category.flagged && category.action !== 'allow')
    .map(([rule, { action, score, threshold }]) => ({ subject, screen, direction, rule, action, score, threshold }));
}

const isGeneral = (reason: DecisionReason): number => Number(reason.rule === ANY_HARM || reason.rule === ANY_ATTACK);

function byWeight(a: DecisionReason, b: DecisionReason): number {
  return SEVERITY[b.action] - SEVERITY[a.action] || isGeneral(a) - isGeneral(b) || (b.score ?? 1) - (a.score ?? 1);
}
