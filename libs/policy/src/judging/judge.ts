import type { CategoryVerdict, PolicyVersion, ScreenScores, Verdict } from '@sallyport/contracts';
import { isCustomLabel } from '../taxonomies/labels.js';
import { standingRules } from './standing-rules.js';

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

function categoriesOf({ scores, screen, direction, status }: ScreenScores, { document }: PolicyVersion) {
  const categories: Record<string, CategoryVerdict> = {};
  const unjudged: string[] = [];
  const rules = standingRules(document, screen, direction);
  for (const { label, threshold, action, scoreIn } of rules) {
    const score = scoreIn(scores);
    if (score !== undefined) categories[label] = { score, threshold, flagged: score >= threshold, action };
    else if (status === 'scored' && isCustomLabel(label)) unjudged.push(label);
  }
  return { categories, unjudged, rules: rules.length };
}
