import type { Direction, PolicyDocument, RuleHit } from '@sallyport/contracts';

/** Hits of a policy's rules for personal data, from the kinds that a scanner found in a text. Kinds without a rule are no hit. */
export function piiHits(kinds: Iterable<string>, { subject, direction }: { subject: string; direction: Direction }, document: PolicyDocument): RuleHit[] {
  return [...new Set(kinds)].flatMap((kind) => {
    const rule = document.pii && Object.hasOwn(document.pii, kind) ? document.pii[kind] : undefined;
    const own = rule?.directions?.[direction];
    if (!rule || !(own?.enabled ?? rule.enabled)) return [];
    return [{ subject, direction, source: 'pii' as const, rule: `pii.${kind}`, action: own?.action ?? rule.action }];
  });
}
