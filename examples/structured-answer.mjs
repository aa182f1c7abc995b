// An answer that is valid for a JSON schema, whatever the model would rather say.
import { createLocalEngine } from '@sallyport/llama-core';
import { defaultModel } from './default-model.mjs';

const schema = {
  type: 'object',
  properties: {
    country: { type: 'string', maxLength: 20 },
    capital: { type: 'string', maxLength: 20 },
    continent: { enum: ['Africa', 'America', 'Asia', 'Europe', 'Oceania'] },
  },
  required: ['country', 'capital', 'continent'],
  additionalProperties: false,
};

const engine = await createLocalEngine(await defaultModel());
let text = '';
for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: 'Describe France as JSON with country, capital and continent.' }] }, responseFormat: { type: 'json_schema', schema }, maxTokens: 120 })) if (event.type === 'text') text += event.text;
console.log(JSON.parse(text));
await engine.close();
