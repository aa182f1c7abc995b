// Three beginnings of a story at once, batched in one engine. The same seeds give the same stories; each ends at its first full stop.
import { createLocalEngine } from '@sallyport/llama-core';
import { defaultModel } from './default-model.mjs';

const engine = await createLocalEngine(await defaultModel());

async function story(seed) {
  let text = '';
  for await (const event of engine.generate({ prompt: { text: 'Once upon a time, a small robot' }, temperature: 0.9, topP: 0.95, repetitionPenalty: 1.1, seed, stop: ['.'], maxTokens: 60 })) if (event.type === 'text') text += event.text;
  return `${seed}: … a small robot${text}.`;
}

console.log((await Promise.all([1, 2, 3].map(story))).join('\n'));
await engine.close();
