import type { CategoryRule, Direction } from '@sallyport/contracts';

/** A rule as it stands in one direction. */
export function ruleInDirection(rule: CategoryRule, direction: Direction): Pick<CategoryRule, 'enabled' | 'threshold' | 'action'> {
  const own = rule.directions?.[direction];
  return { enabled: own?.enabled ?? rule.enabled, threshold: own?.threshold ?? rule.thresholds?.[direction] ?? rule.threshold, action: own?.action ?? rule.action };
}

/** The lowest threshold at which a rule acts in any of the directions (none named: apart from all); undefined where it is switched off in all. */
export function lowestThreshold(rule: CategoryRule | undefined, directions: readonly Direction[]): number | undefined {
  if (!rule) return undefined;
  const standing = directions.length === 0 ? [rule] : directions.map((direction) => ruleInDirection(rule, direction));
  const enabled = standing.filter((one) => one.enabled);
  return enabled.length > 0 ? Math.min(...enabled.map((one) => one.threshold)) : undefined;
}
