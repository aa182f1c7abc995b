import type { CategoryRule, Direction } from '@sallyport/contracts';

/** A rule as it stands in one direction. */
export function ruleInDirection(rule: CategoryRule, direction: Direction): Pick<CategoryRule, 'enabled' | 'threshold' | 'action'> {
  const own = rule.directions?.[direction];
  return { enabled: own?.enabled ?? rule.enabled, threshold: own?.threshold ?? rule.thresholds?.[direction] ?? rule.threshold, action: own?.action ?? rule.action };
}
