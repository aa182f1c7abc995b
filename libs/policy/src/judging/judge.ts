import type { CategoryVerdict, PolicyVersion, ScreenScores, Verdict } from '@sallyport/contracts';
import { isCustomLabel } from '../taxonomies/labels.js';
import { type StandingRule, standingRules } from './standing-rules.js';

/** `id@version`. */
export const policyName = (policy: Pick<PolicyVersion, 'id' | 'version'>): string => `${policy.id}@${policy.version}`;

/**
 * Holds scores against the thresholds of one policy version. A rule whose label the model does not know judges nothing (a custom category is then named in `unjudged`);
 * scores that no enabled rule can read (the wrong model in the guard's place) are indeterminate, never a pass.
 */
export function judge(scores: ScreenScores, policy: PolicyVersion): Verdict {
  const { subject, direction, screen, model, status, coverage, queueMs, inferenceMs, stage, engine } = scores;
  const { categories, unjudged, rules } = categoriesOf(scores, policy);
  const judged = Object.values(categories);
  const unreadable = status === 'scored' && rules > 0 && judged.length === 0;
  const outcome = unreadable ? { status: 'indeterminate' as const, reason: 'unparsable' as const } : { status, ...(scores.reason ? { reason: scores.reason } : {}) };
  const flagged = judged.some((category) => category.flagged);
  return { subject, direction, screen, model, policy: policyName(policy), ...outcome, flagged, categories, ...(unjudged.length > 0 ? { unjudged } : {}), coverage, queueMs, inferenceMs, ...(stage ? { stage } : {}), ...(engine ? { engine } : {}) };
}

function categoriesOf(result: ScreenScores, { document }: PolicyVersion) {
  const { scores, screen, direction, status } = result;
  const categories: Record<string, CategoryVerdict> = {};
  const unjudged: string[] = [];
  const rules = standingRules(document, screen, direction);
  for (const { label, threshold, action, scoreIn } of rules) {
    const score = scoreIn(scores);
    if (score !== undefined) categories[label] = { score, threshold, flagged: score >= threshold, action, ...firedView(result, { label, threshold, scoreIn }) };
    else if (status === 'scored' && isCustomLabel(label)) unjudged.push(label);
  }
  return { categories, unjudged, rules: rules.length };
}

/** The view that alone reaches the threshold; nothing when the text as it stands does so too. */
function firedView({ scores, views = {} }: ScreenScores, { label, threshold, scoreIn }: Pick<StandingRule, 'label' | 'threshold' | 'scoreIn'>): { view?: string } {
  const raised = Object.entries(views);
  if (raised.length === 0 || !((scoreIn(scores) ?? 0) >= threshold)) return {};
  const plain = scoreIn({ ...scores, ...Object.fromEntries(raised.map(([name, { plain }]) => [name, plain])) });
  if ((plain ?? 0) >= threshold) return {};
  // A rule in another taxonomy reads several labels: the likeliest of those that a view raised names the view.
  const [, highest] = raised.reduce((best, one) => ((scores[one[0]] ?? 0) > (scores[best[0]] ?? 0) ? one : best));
  return { view: (views[label] ?? highest).view };
}
