// Streams an answer to a question: node examples/generate.mjs "Why is the sky blue?"
import { createLocalEngine } from '@sallyport/llama-core';
import { defaultModel } from './default-model.mjs';

const question = process.argv[2] ?? 'What is the capital of France?';
const engine = await createLocalEngine(await defaultModel());
for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: question }] }, maxTokens: 200 })) {
  if (event.type === 'text') process.stdout.write(event.text);
  else console.log(`\n(${event.promptTokens} tokens read, ${event.completionTokens} written, ended with ${event.reason})`);
}
await engine.close();
