import { type CategoryRule, type DirectionRule, PII_KINDS, type PiiRule, type PolicyAction, type RuleAction } from '@sallyport/contracts';
import { byDirection, defined, type Fields, flag, object, oneOf, only, or, pathOf, refuse, score } from './field-readers.js';

const ACTIONS: readonly PolicyAction[] = ['allow', 'review', 'block'];
const PII_ACTIONS: readonly RuleAction[] = ['allow', 'review', 'redact', 'block'];
const RULE_FIELDS = ['enabled', 'threshold', 'action', 'directions', 'thresholds'];
const KNOWN_PII: ReadonlySet<string> = new Set(PII_KINDS);

/** Rules by code; only codes that exist may have one. */
export function parseRules(value: unknown, param: string, codes: readonly string[]): Record<string, CategoryRule> {
  return Object.fromEntries(
    Object.entries(object(value, param)).map(([code, entry]) => {
      const path = pathOf(param, code);
      if (!codes.includes(code)) refuse(path, `only the codes ${codes.join(', ')}`);
      const fields = object(entry, path);
      only(fields, RULE_FIELDS, path);
      return [code, parseRule(fields, path)];
    }),
  );
}

/** The part of an entry that is a rule; other fields are the caller's. */
export function parseRule(fields: Fields, param: string): CategoryRule {
  return defined<CategoryRule>({
    enabled: flag(or(fields['enabled'], true), `${param}.enabled`),
    threshold: score(fields['threshold'], `${param}.threshold`),
    action: oneOf(or(fields['action'], 'block'), ACTIONS, `${param}.action`),
    directions: fields['directions'] === undefined ? undefined : byDirection(fields['directions'], `${param}.directions`, directionRule),
    thresholds: fields['thresholds'] === undefined ? undefined : byDirection(fields['thresholds'], `${param}.thresholds`, score),
  } as CategoryRule);
}

function directionRule(value: unknown, param: string): DirectionRule {
  const fields = object(value, param);
  only(fields, ['enabled', 'threshold', 'action'], param);
  return defined<DirectionRule>({
    enabled: fields['enabled'] === undefined ? undefined : flag(fields['enabled'], `${param}.enabled`),
    threshold: fields['threshold'] === undefined ? undefined : score(fields['threshold'], `${param}.threshold`),
    action: fields['action'] === undefined ? undefined : oneOf(fields['action'], ACTIONS, `${param}.action`),
  } as DirectionRule);
}

/** Rules for personal data by kind. A kind that nobody looks for is refused: a rule that never fires would fail open in silence. */
export function parsePii(value: unknown): Record<string, PiiRule> {
  const entries = Object.entries(object(value, 'pii'));
  return Object.fromEntries(
    entries.map(([kind, entry]) => {
      if (!KNOWN_PII.has(kind)) refuse('pii', `kinds out of ${PII_KINDS.join(', ')}`);
      return [kind, piiRule(object(entry, `pii.${kind}`), `pii.${kind}`)];
    }),
  );
}

function piiRule(fields: Fields, param: string): PiiRule {
  only(fields, ['enabled', 'action', 'directions'], param);
  return defined<PiiRule>({
    enabled: flag(or(fields['enabled'], true), `${param}.enabled`),
    action: oneOf(or(fields['action'], 'redact'), PII_ACTIONS, `${param}.action`),
    directions: fields['directions'] === undefined ? undefined : byDirection(fields['directions'], `${param}.directions`, piiDirection),
  } as PiiRule);
}

function piiDirection(value: unknown, param: string): { enabled?: boolean; action?: RuleAction } {
  const fields = object(value, param);
  only(fields, ['enabled', 'action'], param);
  return {
    ...(fields['enabled'] === undefined ? {} : { enabled: flag(fields['enabled'], `${param}.enabled`) }),
    ...(fields['action'] === undefined ? {} : { action: oneOf(fields['action'], PII_ACTIONS, `${param}.action`) }),
  };
}
