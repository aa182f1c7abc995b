/** One category of a taxonomy. `canonicalId` names the meaning across taxonomies, because the same code means different things in different ones. */
export interface TaxonomyCategory {
  code: string;
  /** Name for people. */
  name: string;
  /** Name as the model's prompt spells it. */
  shortName: string;
  description: string;
  canonicalId: string;
}

/** A closed list of categories with the codes of one model family or API. */
export interface Taxonomy {
  id: string;
  name: string;
  /** Where the codes come from. */
  source: string;
  /** Page of the source. */
  url: string;
  categories: readonly TaxonomyCategory[];
}

/** Builds a category; the short name defaults to the name. */
export function category(code: string, canonicalId: string, name: string, text: { description: string; shortName?: string }): TaxonomyCategory {
  return { code, name, shortName: text.shortName ?? name, description: text.description, canonicalId };
}
