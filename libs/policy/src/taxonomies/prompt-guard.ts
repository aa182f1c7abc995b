import { category, type Taxonomy } from './taxonomy.js';

/** Kinds of attack on the model itself. `attack` is any of them. */
export const promptGuard: Taxonomy = {
  id: 'prompt-guard',
  name: 'Prompt Guard',
  source: 'Labels of the bundled prompt guard; Prompt Guard 1 and 2 map onto them',
  url: 'https://huggingface.co/meta-llama/Llama-Prompt-Guard-2-86M',
  categories: [
    category('attack', 'attack', 'Attack', { description: 'Any attempt to take control of the model against its operator.' }),
    category('injection', 'prompt-injection', 'Prompt injection', { description: 'The user overrides, leaks or replaces the instructions of the application.' }),
    category('jailbreak', 'jailbreak', 'Jailbreak', { description: 'The user talks the model out of its safety training, by role play, pressure or encoding.' }),
    category('indirect', 'indirect-injection', 'Indirect injection', { description: 'Instructions to the model hidden in third-party text: a document, a web page, a tool result.' }),
  ],
};
