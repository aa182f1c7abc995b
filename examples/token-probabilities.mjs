// How sure the model is of every token, and what it would have said instead; then the same question with its favourite token forbidden.
import { createLocalEngine } from '@sallyport/llama-core';
import { defaultModel } from './default-model.mjs';

const engine = await createLocalEngine(await defaultModel());
const request = { prompt: { messages: [{ role: 'user', content: 'Yes or no: is water wet?' }] }, maxTokens: 6, topLogprobs: 3 };
const show = ({ bytes, logprob }) => `${JSON.stringify(Buffer.from(bytes).toString())} ${(100 * Math.exp(logprob)).toFixed(1)} %`;

const tokens = [];
for await (const event of engine.generate(request)) if (event.type === 'text') tokens.push(...event.tokens);
for (const token of tokens) console.log(`${show(token)}   instead of: ${token.top.filter(({ id }) => id !== token.id).map(show).join(', ')}`);

let other = '';
for await (const event of engine.generate({ ...request, logitBias: { [tokens[0].id]: -100 } })) if (event.type === 'text') other += event.text;
console.log(`without ${JSON.stringify(Buffer.from(tokens[0].bytes).toString())}: ${other}`);
await engine.close();
