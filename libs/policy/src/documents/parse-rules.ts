import { type CategoryRule, type Direction, type DirectionRule, PII_KINDS, type PiiRule, type PolicyAction, type PolicyDocument, type RuleAction, SCANNERS } from '@sallyport/contracts';
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
      return [kind, findingRule<RuleAction>(object(entry, `pii.${kind}`), `pii.${kind}`, PII_ACTIONS)];
    }),
  );
}

/** Rules for scanners by name. */
export function parseScanners(value: unknown): PolicyDocument['scanners'] {
  const fields = object(value, 'scanners');
  only(fields, SCANNERS, 'scanners');
  return Object.fromEntries(Object.entries(fields).map(([name, rule]) => [name, findingRule<PolicyAction>(object(rule, `scanners.${name}`), `scanners.${name}`, ACTIONS)]));
}

interface FindingRule<Action> {
  enabled: boolean;
  action: Action;
  directions?: Partial<Record<Direction, { enabled?: boolean; action?: Action }>>;
}

/** Without an action, the strictest but `block` of personal data is meant: `redact`; a scanner's is `block`. */
function findingRule<Action extends string>(fields: Fields, param: string, actions: readonly Action[]): FindingRule<Action> {
  only(fields, ['enabled', 'action', 'directions'], param);
  const fallback = actions.find((action) => action === 'redact') ?? 'block';
  return defined<FindingRule<Action>>({
    enabled: flag(or(fields['enabled'], true), `${param}.enabled`),
    action: oneOf(or(fields['action'], fallback), actions, `${param}.action`),
    directions: fields['directions'] === undefined ? undefined : byDirection(fields['directions'], `${param}.directions`, (value, at) => inDirection(value, at, actions)),
  } as FindingRule<Action>);
}

function inDirection<Action extends string>(value: unknown, param: string, actions: readonly Action[]): { enabled?: boolean; action?: Action } {
  const fields = object(value, param);
  only(fields, ['enabled', 'action'], param);
  return {
    ...(fields['enabled'] === undefined ? {} : { enabled: flag(fields['enabled'], `${param}.enabled`) }),
    ...(fields['action'] === undefined ? {} : { action: oneOf(fields['action'], actions, `${param}.action`) }),
  };
}
