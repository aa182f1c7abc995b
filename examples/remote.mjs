// The same port on an OpenAI-compatible server (vLLM, Ollama, llama.cpp server): node examples/remote.mjs http://127.0.0.1:11434/v1 llama3.2
import { createRemoteEngine } from '@sallyport/llama-core';

const [baseUrl, model] = process.argv.slice(2);
if (!baseUrl || !model) {
  console.error('usage: node examples/remote.mjs <base URL, up to /v1> <model>');
  process.exit(2);
}
const engine = await createRemoteEngine({ baseUrl, model });
console.log(engine.describe());
for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: 'What is the capital of France?' }] }, maxTokens: 40 })) if (event.type === 'text') process.stdout.write(event.text);
console.log();
await engine.close();
