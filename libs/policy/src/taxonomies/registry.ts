import { SallyportError } from '@sallyport/contracts';
import { ailuminate } from './ailuminate.js';
import { llamaGuard1 } from './llama-guard-1.js';
import { llamaGuard2 } from './llama-guard-2.js';
import { llamaGuard3 } from './llama-guard-3.js';
import { llamaGuard4 } from './llama-guard-4.js';
import { openaiModeration } from './openai-moderation.js';
import { promptGuard } from './prompt-guard.js';
import type { Taxonomy } from './taxonomy.js';

const TAXONOMIES: readonly Taxonomy[] = [llamaGuard1, llamaGuard2, llamaGuard3, llamaGuard4, ailuminate, openaiModeration, promptGuard];

/** Every taxonomy, in a fixed order. */
export const listTaxonomies = (): readonly Taxonomy[] => TAXONOMIES;

/** True when a taxonomy of this id exists. */
export const hasTaxonomy = (id: string): boolean => TAXONOMIES.some((taxonomy) => taxonomy.id === id);

/** Throws `taxonomy_not_found` for an unknown id. */
export function getTaxonomy(id: string): Taxonomy {
  const found = TAXONOMIES.find((taxonomy) => taxonomy.id === id);
  if (!found) throw new SallyportError('taxonomy_not_found', `There is no such taxonomy; expected one of ${TAXONOMIES.map((taxonomy) => taxonomy.id).join(', ')}.`, { param: 'taxonomy' });
  return found;
}
