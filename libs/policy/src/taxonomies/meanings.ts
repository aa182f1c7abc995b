/** What a category that is no hazard itself covers, as canonical hazards. `loose`: it shares matter with them without being made of them. */
interface Meaning {
  hazards: readonly string[];
  loose?: true;
}

/**
 * The hazards of MLCommons (Llama Guard 2–4, AILuminate) are the common tongue; Llama Guard 1 and OpenAI cut the field differently. The mapping is ours;
 * its reasons are in docs/concepts/taxonomies.md.
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  'violence-and-hate': { hazards: ['violent-crimes', 'hate'] },
  'criminal-planning': { hazards: ['non-violent-crimes'] },
  'guns-and-illegal-weapons': { hazards: ['non-violent-crimes', 'indiscriminate-weapons'] },
  'controlled-substances': { hazards: ['non-violent-crimes'] },
  'sexual-content-of-any-kind': { hazards: ['sexual-content', 'sex-crimes', 'child-sexual-exploitation'] },
  'specialized-advice-with-elections': { hazards: ['specialized-advice', 'elections'] },
  'hate-threatening': { hazards: ['hate', 'violent-crimes'], loose: true },
  harassment: { hazards: ['hate'], loose: true },
  'harassment-threatening': { hazards: ['hate', 'violent-crimes'], loose: true },
  illicit: { hazards: ['non-violent-crimes', 'indiscriminate-weapons'] },
  'illicit-violent': { hazards: ['indiscriminate-weapons', 'violent-crimes'], loose: true },
  'self-harm-intent': { hazards: ['self-harm'], loose: true },
  'self-harm-instructions': { hazards: ['self-harm'], loose: true },
  'sexual-with-adults': { hazards: ['sexual-content', 'sex-crimes'] },
  violence: { hazards: ['violent-crimes'], loose: true },
  'violence-graphic': { hazards: ['violent-crimes'], loose: true },
};

/** Canonical hazards that a category covers; the id itself where it is a hazard. */
export const hazardsOf = (canonicalId: string): readonly string[] => MEANINGS[canonicalId]?.hazards ?? [canonicalId];

/** True when a category only shares matter with its hazards. */
export const isLoose = (canonicalId: string): boolean => MEANINGS[canonicalId]?.loose ?? false;
