// Both engines behind one face: `prefill(ids)` → seconds, `decode(prompts, count)` → seconds for all of them together.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../tools/bootstrap.mjs';

export const THREADS = 2;
export const modelPath = join(root, '.sallyport', 'models', 'smollm2-135m-instruct', 'SmolLM2-135M-Instruct.Q4_1.gguf');
export const graphFolder = join(root, '.sallyport', 'graphs');
export const MAX_SEQUENCES = 8;
export const CONTEXT = 1_024;

export const importPeer = (name) => import(pathToFileURL(join(root, 'bench', 'peers', 'node_modules', name)).href);

/** `rest`: options of `createLocalEngine`. */
export async function openEngine({ model = modelPath, ...rest } = {}) {
  const { createLocalEngine } = await import('../libs/llama-core/dist/index.js');
  return createLocalEngine({ model, quantization: 'int8', threads: THREADS, contextTokens: CONTEXT, maxRunning: MAX_SEQUENCES, prefixCacheBytes: 0, cacheFolder: graphFolder, ...rest });
}

export async function openLlamaCore({ quantization = 'int8', ...rest } = {}) {
  const engine = await openEngine({ quantization, ...rest });
  const generate = async (tokenIds, maxTokens) => {
    for await (const event of engine.generate({ prompt: { tokenIds }, maxTokens, ignoreEos: true })) if (event.type === 'end') return event;
  };
  return {
    name: `llama-core ${quantization}`,
    prefill: (ids) => seconds(() => generate(ids, 1)),
    decode: async (prompts, count) => (await seconds(() => Promise.all(prompts.map((ids) => generate(ids, count + 1))))) - (await seconds(() => Promise.all(prompts.map((ids) => generate(ids, 1))))),
    close: () => engine.close(),
  };
}

export async function openLlamaCpp(path = modelPath) {
  const { getLlama, LlamaLogLevel } = await importPeer('node-llama-cpp/dist/index.js');
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ threads: THREADS, sequences: MAX_SEQUENCES, contextSize: CONTEXT, batchSize: CONTEXT });
  const sequences = Array.from({ length: MAX_SEQUENCES }, () => context.getSequence());
  const generate = async (sequence, ids, count) => {
    await sequence.clearHistory();
    let made = 0;
    for await (const _token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) if (++made >= count) break;
  };
  const all = (prompts, count) => Promise.all(prompts.map((ids, at) => generate(sequences[at], ids, count)));
  return {
    name: 'llama.cpp',
    prefill: (ids) => seconds(() => all([ids], 1)),
    decode: async (prompts, count) => (await seconds(() => all(prompts, count + 1))) - (await seconds(() => all(prompts, 1))),
    sequence: sequences[0],
    close: () => llama.dispose(),
  };
}

export async function seconds(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** `value` with so many decimals. */
export const rounded = (value, decimals = 0) => Number(value.toFixed(decimals));

/** Token ids that no two prompts share from the start, so that no prefix cache helps. */
export const prompt = (length, seed) => Array.from({ length }, (_, i) => 1_000 + ((i * 7919 + seed * 104_729) % 40_000));
