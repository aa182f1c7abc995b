import type { Direction, PiiRule, PolicyDocument, RuleAction, RuleHit, ScannerRule } from '@sallyport/contracts';

type Place = Pick<RuleHit, 'subject' | 'direction'>;

/** Hits of a policy's rules for personal data, from the kinds that a scanner found in a text. Kinds without a rule are no hit. */
export function piiHits(kinds: Iterable<string>, where: Place, document: PolicyDocument): RuleHit[] {
  return [...new Set(kinds)].flatMap((kind) => {
    const action = actionOf(document.pii && Object.hasOwn(document.pii, kind) ? document.pii[kind] : undefined, where.direction);
    return action ? [{ ...where, source: 'pii' as const, rule: `pii.${kind}`, action }] : [];
  });
}

/** Hits of a policy's rule for a scanner, one for each kind of finding. */
export function scannerHits(name: keyof NonNullable<PolicyDocument['scanners']>, kinds: Iterable<string>, where: Place, document: PolicyDocument): RuleHit[] {
  const action = actionOf(document.scanners?.[name], where.direction);
  return action ? [...new Set(kinds)].map((kind) => ({ ...where, source: 'scanner' as const, rule: `${name}.${kind}`, action })) : [];
}

/** Undefined where the rule is absent or off. */
function actionOf(rule: PiiRule | ScannerRule | undefined, direction: Direction): RuleAction | undefined {
  const own = rule?.directions?.[direction];
  return rule && (own?.enabled ?? rule.enabled) ? (own?.action ?? rule.action) : undefined;
}
