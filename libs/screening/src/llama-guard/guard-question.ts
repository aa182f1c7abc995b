import type { CustomCategoryText, ScreenRequest } from '@sallyport/contracts';
import { customLabel, defaultCategories, GUARD_TAXONOMY, getTaxonomy, type LlamaGuardVersion, taxonomyOf, translateCode } from '@sallyport/policy';

/** What a Llama Guard is asked under one policy: the categories of its prompt, and what their codes mean outside. */
export interface GuardQuestion {
  /** Text by code, in the order of the prompt: the version's own categories without the excluded ones, then the policy's. */
  categories: Readonly<Record<string, string>>;
  /** Labels of each code: codes of the guard taxonomy, or `custom:<code>`. */
  labels: ReadonlyMap<string, readonly string[]>;
}

/**
 * A policy in a version's own codes. The policy's own categories take the numbers after the version's last. A category of the version is left out when every
 * label that it means is excluded; where that would leave nothing, nothing is left out.
 */
export function guardQuestion(version: LlamaGuardVersion, { customCategories = [], excluded = [] }: Pick<ScreenRequest, 'customCategories' | 'excluded'>): GuardQuestion {
  const texts = defaultCategories(version);
  const labels = new Map([...texts.keys()].map((code): [string, string[]] => [code, translateCode(code, taxonomyOf(version), GUARD_TAXONOMY)]));
  const kept = [...labels.keys()].filter((code) => !labels.get(code)!.every((label) => excluded.includes(label)));
  const own = kept.length + customCategories.length === 0 ? [...labels.keys()] : kept;
  const custom = customCategories.map((category, at) => ({ code: customCode(version, at), category }));
  return {
    categories: Object.fromEntries([...own.map((code) => [code, texts.get(code)!]), ...custom.map(({ code, category }) => [code, customText(category)])]),
    labels: new Map([...own.map((code): [string, string[]] => [code, labels.get(code)!]), ...custom.map(({ code, category }): [string, string[]] => [code, [customLabel(category.code)]])]),
  };
}

/** Every label that a version's own categories can score. */
export const guardLabels = (version: LlamaGuardVersion): string[] => {
  const known = new Set(Array.from(defaultCategories(version).keys()).flatMap((code) => translateCode(code, taxonomyOf(version), GUARD_TAXONOMY)));
  return getTaxonomy(GUARD_TAXONOMY).categories.flatMap(({ code }) => (known.has(code) ? [code] : []));
};

function customCode(version: LlamaGuardVersion, at: number): string {
  const { categories } = getTaxonomy(taxonomyOf(version));
  return `${categories[0]!.code.slice(0, 1)}${categories.length + 1 + at}`;
}

/** A line each for name and description; more lines could forge the end of the policy. */
const customText = ({ name, description }: CustomCategoryText): string => `${oneLine(name)}.\n${oneLine(description)}`;
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
