import { SallyportError } from '@sallyport/contracts';
import { hazardsOf, isLoose } from './meanings.js';
import { getTaxonomy } from './registry.js';
import type { TaxonomyCategory } from './taxonomy.js';

/** How the meaning of a target category stands to that of its source: the same, wider, narrower, or overlapping. */
export type Relation = 'equivalent' | 'broader' | 'narrower' | 'related';

/** One row of a mapping: a source category and what it becomes. `to` is empty where the target taxonomy knows nothing of it. */
export interface MappedCategory {
  code: string;
  name: string;
  to: Array<{ code: string; name: string; relation: Relation }>;
}

/**
 * Codes of taxonomy `to` that cover what `code` means in taxonomy `from`, in the order of `to`; empty when `to` knows nothing of it.
 * Codes are not portable: S5 is Specialized Advice in Llama Guard 2 and Defamation in 3. Throws `taxonomy_not_found`.
 */
export function translateCode(code: string, from: string, to: string): string[] {
  const target = getTaxonomy(to).categories;
  const source = getTaxonomy(from).categories.find((category) => category.code === code);
  if (!source) return [];
  if (from === to) return [code];
  return target.filter((category) => relationOf(source, category) !== undefined).map((category) => category.code);
}

/** Every category of `from` with its counterparts in `to`. Throws `taxonomy_not_found` naming the one that does not exist. */
export function mapTaxonomy(from: string, to: string): MappedCategory[] {
  const source = getTaxonomy(from).categories;
  const target = known(to).categories;
  return source.map((category) => ({
    code: category.code,
    name: category.name,
    to: target.flatMap((other) => {
      const relation = from === to ? (other.code === category.code ? 'equivalent' : undefined) : relationOf(category, other);
      return relation === undefined ? [] : [{ code: other.code, name: other.name, relation }];
    }),
  }));
}

function known(id: string) {
  try {
    return getTaxonomy(id);
  } catch (error) {
    throw error instanceof SallyportError ? new SallyportError(error.code, error.message, { param: 'other', cause: error }) : error;
  }
}

/** Undefined when the two share no hazard. */
function relationOf(source: TaxonomyCategory, target: TaxonomyCategory): Relation | undefined {
  if (source.canonicalId === target.canonicalId) return 'equivalent';
  const [mine, theirs] = [hazardsOf(source.canonicalId), hazardsOf(target.canonicalId)];
  const shared = mine.filter((hazard) => theirs.includes(hazard)).length;
  if (shared === 0) return undefined;
  if (isLoose(source.canonicalId) || isLoose(target.canonicalId)) return 'related';
  if (shared === mine.length && shared === theirs.length) return 'equivalent';
  if (shared === mine.length) return 'broader';
  return shared === theirs.length ? 'narrower' : 'related';
}
