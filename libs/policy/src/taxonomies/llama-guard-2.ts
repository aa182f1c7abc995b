import { HAZARDS as H, numbered } from './hazards.js';
import type { Taxonomy } from './taxonomy.js';

/** Has neither Defamation nor Elections, so from S5 on its codes differ from Llama Guard 3. */
export const llamaGuard2: Taxonomy = {
  id: 'llama-guard-2',
  name: 'Llama Guard 2',
  source: 'Meta-Llama-Guard-2-8B',
  url: 'https://huggingface.co/meta-llama/Meta-Llama-Guard-2-8B',
  categories: numbered([H.violentCrimes, H.nonViolentCrimes, H.sexCrimes, H.childExploitation, H.specializedAdvice, H.privacy, H.intellectualProperty, H.indiscriminateWeapons, H.hate, H.selfHarm, H.sexualContent]),
};
