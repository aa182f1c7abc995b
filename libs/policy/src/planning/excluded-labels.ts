import type { CategoryRule, PolicyDocument } from '@sallyport/contracts';
import { translateCode } from '../taxonomies/crosswalk.js';
import { getTaxonomy } from '../taxonomies/registry.js';
import { ANY_HARM, GUARD_TAXONOMY } from '../taxonomies/labels.js';
import { ruleInDirection } from '../judging/rule-in-direction.js';
import { DIRECTIONS } from '../documents/field-readers.js';

/**
 * Labels of a guard that a policy switches off: those of categories that it lists as disabled in every direction, unless an enabled one means them too. A category that it
 * does not list is not switched off, and none is where nothing would be left. In OpenAI's taxonomy keys share hazards loosely, so none is switched off there.
 */
export function excludedLabels({ taxonomy, categories }: PolicyDocument): string[] {
  if (taxonomy === 'openai-moderation') return [];
  const listed = Object.entries(categories).filter(([code]) => code !== ANY_HARM);
  const labelsOf = (wanted: boolean) => new Set(listed.filter(([, rule]) => isOn(rule) === wanted).flatMap(([code]) => translateCode(code, taxonomy, GUARD_TAXONOMY)));
  const [on, off] = [labelsOf(true), labelsOf(false)];
  const all = getTaxonomy(GUARD_TAXONOMY).categories.map(({ code }) => code);
  const excluded = all.filter((label) => off.has(label) && !on.has(label));
  return excluded.length === all.length ? [] : excluded;
}

const isOn = (rule: CategoryRule): boolean => DIRECTIONS.some((direction) => ruleInDirection(rule, direction).enabled);
