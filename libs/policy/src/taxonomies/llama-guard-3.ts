import { HAZARDS, numbered } from './hazards.js';
import type { Taxonomy } from './taxonomy.js';

/** S1–S14 of Llama Guard 3, and of the bundled guard. Llama Guard 3 1B and Vision stop at S13. */
export const llamaGuard3: Taxonomy = {
  id: 'llama-guard-3',
  name: 'Llama Guard 3',
  source: 'Meta Llama-Guard-3-8B; the hazards of MLCommons AI Safety',
  url: 'https://huggingface.co/meta-llama/Llama-Guard-3-8B',
  categories: numbered(Object.values(HAZARDS)),
};
