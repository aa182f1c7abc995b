import { SallyportError } from '@sallyport/contracts';
import { getTaxonomy } from '../taxonomies/registry.js';
import { LLAMA_GUARD_1_POLICY } from './llama-guard-1-policy.js';

export const LLAMA_GUARD_VERSIONS = ['llama-guard-1', 'llama-guard-2', 'llama-guard-3-8b', 'llama-guard-3-1b', 'llama-guard-3-11b-vision', 'llama-guard-4'] as const;
/** A Llama Guard model by the prompt it was trained on. */
export type LlamaGuardVersion = (typeof LLAMA_GUARD_VERSIONS)[number];

interface VersionTraits {
  taxonomy: string;
  /** How many of the taxonomy's categories the default policy lists, from the first. */
  categories: number;
  images: boolean;
}

const TRAITS: Readonly<Record<LlamaGuardVersion, VersionTraits>> = {
  'llama-guard-1': { taxonomy: 'llama-guard-1', categories: 6, images: false },
  'llama-guard-2': { taxonomy: 'llama-guard-2', categories: 11, images: false },
  'llama-guard-3-8b': { taxonomy: 'llama-guard-3', categories: 14, images: false },
  'llama-guard-3-1b': { taxonomy: 'llama-guard-3', categories: 13, images: false },
  'llama-guard-3-11b-vision': { taxonomy: 'llama-guard-3', categories: 13, images: true },
  'llama-guard-4': { taxonomy: 'llama-guard-4', categories: 14, images: true },
};

/** The version that a name stands for, such as `llama-guard-4-12b` or `meta-llama/Llama-Guard-3-8B-INT8`; undefined for other names. */
export function llamaGuardVersion(name: string): LlamaGuardVersion | undefined {
  const plain = name.toLowerCase().replace(/^.*\//, '').replace(/^meta-/, '').replace(/^llamaguard/, 'llama-guard').replace(/-(int4|int8|fp8|bf16)$/, '');
  if (plain === 'llama-guard-7b' || plain === 'llama-guard-1-7b') return 'llama-guard-1';
  const version = plain.replace(/^(llama-guard-2)-8b$/, '$1').replace(/^(llama-guard-4)-12b$/, '$1');
  return LLAMA_GUARD_VERSIONS.find((known) => known === version);
}

/** Id of the taxonomy whose codes a version speaks. */
export const taxonomyOf = (version: LlamaGuardVersion): string => TRAITS[version].taxonomy;

/** True when the version's template has a place for images. */
export const takesImages = (version: LlamaGuardVersion): boolean => TRAITS[version].images;

/**
 * What a model writes between its prompt and the verdict: append it and read the next token's logits, so that the verdict is scored and not the line break.
 * Versions 3 and 4 were trained with a blank line after the assistant's header, which their templates leave to the model.
 */
export const verdictLead = (version: LlamaGuardVersion): string => (version === 'llama-guard-1' || version === 'llama-guard-2' ? '' : '\n\n');

/** A version's own policy: text by code, in the order of its prompt. With an image, Llama Guard 4 leaves out S14. */
export function defaultCategories(version: LlamaGuardVersion, withImage = false): Map<string, string> {
  if (version === 'llama-guard-1') return new Map(Object.entries(LLAMA_GUARD_1_POLICY));
  const count = version === 'llama-guard-4' && withImage ? 13 : TRAITS[version].categories;
  return new Map(getTaxonomy(TRAITS[version].taxonomy).categories.slice(0, count).map(({ code, shortName }) => [code, `${shortName}.`]));
}

/** The categories a prompt lists. Throws `invalid_request` for an unknown excluded code and for a policy with nothing left to judge. */
export function activeCategories(version: LlamaGuardVersion, all: ReadonlyMap<string, string>, excluded: readonly string[]): Map<string, string> {
  const known = new Set([...all.keys(), ...getTaxonomy(TRAITS[version].taxonomy).categories.map((category) => category.code)]);
  const wrong = excluded.findIndex((code) => !known.has(code));
  if (wrong >= 0) throw new SallyportError('invalid_request', `Expected codes out of ${[...known].join(', ')}, found another at place ${wrong}.`, { param: 'excluded' });
  const active = new Map([...all].filter(([code]) => !excluded.includes(code)));
  if (active.size === 0) throw new SallyportError('invalid_request', 'Expected at least one category, found none: there would be nothing to judge.', { param: all.size === 0 ? 'categories' : 'excluded' });
  return active;
}

/** A policy of the caller's own. Throws `invalid_request` unless every code is one word and every text a string. */
export function customCategories(categories: Readonly<Record<string, string>>): Map<string, string> {
  if (typeof categories !== 'object' || Array.isArray(categories)) throw new SallyportError('invalid_request', 'Expected an object of texts by code.', { param: 'categories' });
  for (const [index, [code, text]] of Object.entries(categories).entries()) {
    if (!/^[^\s,;|:]{1,32}$/.test(code)) throw new SallyportError('invalid_request', `Expected a code of 1 to 32 characters without spaces, commas, semicolons, colons and bars, found another at place ${index}.`, { param: 'categories' });
    if (typeof text !== 'string') throw new SallyportError('invalid_request', `Expected a string as the text of ${code}, found ${typeof text}.`, { param: `categories.${code}` });
  }
  return new Map(Object.entries(categories));
}
