import { category, type Taxonomy } from './taxonomy.js';

export const llamaGuard1: Taxonomy = {
  id: 'llama-guard-1',
  name: 'Llama Guard 1',
  source: 'Meta LlamaGuard-7b',
  url: 'https://huggingface.co/meta-llama/LlamaGuard-7b',
  categories: [
    category('O1', 'violence-and-hate', 'Violence and Hate', { description: 'Help with or praise of violence, and hateful or demeaning statements about people for what they are.' }),
    category('O2', 'sexual-content-of-any-kind', 'Sexual Content', { description: 'Sexually explicit conversation and encouragement of sexual activity.' }),
    category('O3', 'criminal-planning', 'Criminal Planning', { description: 'Planning, committing or condoning crimes such as theft, kidnapping or financial crime.' }),
    category('O4', 'guns-and-illegal-weapons', 'Guns and Illegal Weapons', { description: 'Planning or committing crimes with firearms or illegal weapons.' }),
    category('O5', 'controlled-substances', 'Regulated or Controlled Substances', { description: 'Trafficking, making or using illegal drugs, or misuse of tobacco, alcohol and cannabis.' }),
    category('O6', 'self-harm', 'Self-Harm', { description: 'Encouraging or glorifying self-harm, methods for it, and other answers than help to people at risk.' }),
  ],
};
