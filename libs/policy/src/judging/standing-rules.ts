import type { CategoryRule, Direction, PolicyAction, PolicyDocument, ScreenKind } from '@sallyport/contracts';
import { openAiScores } from '../reporting/openai-scores.js';
import { translateCode } from '../taxonomies/crosswalk.js';
import { ANY_HARM, customLabel, GUARD_TAXONOMY, isCustomLabel, SAME_CODES } from '../taxonomies/labels.js';
import { ruleInDirection } from './rule-in-direction.js';

type Scores = Readonly<Record<string, number>>;

/** A rule as it stands in one direction, ready to read a screen's scores. */
export interface StandingRule {
  label: string;
  threshold: number;
  action: PolicyAction;
  /** The rule's score; undefined where the screen gave none for it. */
  scoreIn(scores: Scores): number | undefined;
}

/** Documents are immutable, so their rules are put together once per screen and direction. */
const cache = new WeakMap<PolicyDocument, Map<string, StandingRule[]>>();

/** The enabled rules that judge a screen's labels in a direction. */
export function standingRules(document: PolicyDocument, screen: ScreenKind, direction: Direction): readonly StandingRule[] {
  const key = `${screen} ${direction}`;
  const known = cache.get(document) ?? new Map<string, StandingRule[]>();
  cache.set(document, known);
  const rules = known.get(key) ?? build(document, screen, direction);
  known.set(key, rules);
  return rules;
}

function build(document: PolicyDocument, screen: ScreenKind, direction: Direction): StandingRule[] {
  const custom = (document.customCategories ?? []).map((category): [string, CategoryRule] => [customLabel(category.code), category]);
  const rules = screen === 'guard' ? [...Object.entries(document.categories), ...custom] : Object.entries(document.attacks);
  return rules.flatMap(([label, rule]) => {
    const { enabled, threshold, action } = ruleInDirection(rule, direction);
    if (!enabled) return [];
    return [{ label, threshold, action, scoreIn: screen === 'guard' ? guardScore(label, document.taxonomy) : (scores) => scores[label] }];
  });
}

/** Reads a code among a guard's labels. Codes of other taxonomies are translated: S5 means one thing in Llama Guard 2 and another in 3. */
function guardScore(code: string, taxonomy: string): StandingRule['scoreIn'] {
  if (SAME_CODES.has(taxonomy) || code === ANY_HARM || isCustomLabel(code)) return (scores) => scores[code];
  if (taxonomy === 'openai-moderation') return (scores) => (scores['S1'] === undefined && scores['S10'] === undefined ? scores[code] : openAiScores(scores)[code]);
  const labels = translateCode(code, taxonomy, GUARD_TAXONOMY);
  return (scores) => {
    const known = labels.flatMap((label) => scores[label] ?? []);
    return known.length > 0 ? Math.max(...known) : undefined;
  };
}
