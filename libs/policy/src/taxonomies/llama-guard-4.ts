import { HAZARDS, numbered } from './hazards.js';
import type { Taxonomy } from './taxonomy.js';

/** The codes of Llama Guard 3; S14 is judged in text only. */
export const llamaGuard4: Taxonomy = {
  id: 'llama-guard-4',
  name: 'Llama Guard 4',
  source: 'Meta Llama-Guard-4-12B; the hazards of MLCommons AI Safety',
  url: 'https://huggingface.co/meta-llama/Llama-Guard-4-12B',
  categories: numbered(Object.values(HAZARDS)),
};
