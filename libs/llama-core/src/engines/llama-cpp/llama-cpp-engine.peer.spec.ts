import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeEngine } from '../../engine/engine-conformance.fixture.js';
import { DEFAULT_GENERATOR } from '../../hub/catalog.js';
import { loadGgufTokenizer } from '../../tokenizer/load-tokenizer.js';
import { openGguf } from '../../weights/gguf.js';
import { createLlamaCppEngine } from './llama-cpp-engine.js';
import type { NodeLlamaCpp } from './node-llama-cpp.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../../${path}`, import.meta.url));
const model = atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`);
/** The peer of the benchmarks; `npm test` says how to get it where it is not there. */
const peer = atRoot('bench/peers/node_modules/node-llama-cpp/dist/index.js');
const importPackage = async () => (await import(pathToFileURL(peer).href)) as NodeLlamaCpp;
const open = (rest: object = {}) => createLlamaCppEngine({ model, importPackage, contextTokens: 1_024, threads: 1, ...rest });

async function encoder() {
  const file = await openGguf(model);
  await file.close();
  return (await loadGgufTokenizer(file.metadata)).tokenizer;
}

describeEngine('llama.cpp on SmolLM2', {
  within: 0.05,
  skip: !existsSync(peer),
  open: async () => {
    const tokenizer = await encoder();
    const engine = await open();
    return { engine, encode: (text) => tokenizer.encodeText(text), close: () => engine.close() };
  },
});

describe.skipIf(!existsSync(peer))('createLlamaCppEngine', () => {
  it('lets others wait for a sequence, as many as it was told, and takes up what a sequence holds', async () => {
    const engine = await open({ maxRunning: 1, maxWaiting: 1 });
    try {
      const ask = async () => {
        for await (const event of engine.generate({ prompt: { text: 'Once upon a time' }, maxTokens: 6, ignoreEos: true })) if (event.type === 'end') return event.cachedTokens;
        throw new Error('no end');
      };
      const outcomes = await Promise.allSettled([ask(), ask(), ask()]);
      expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []))).toEqual(['overloaded']);
      // Of the prompt's four tokens the last is computed again, for its logits.
      expect(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])).sort()).toEqual([0, 3]);
    } finally {
      await engine.close();
    }
  });

  // The bench measures 0.103 on the same rows through node-llama-cpp alone: the rounding of Q4_1 kernels.
  it('gives log-probabilities near transformers\'', async () => {
    const { rows } = JSON.parse(await readFile(new URL('../../../fixtures/smollm2-135m-instruct.json', import.meta.url), 'utf8')) as { rows: Array<{ input_ids: number[]; top_ids: number[]; top_logprobs: number[] }> };
    const engine = await open();
    try {
      const errors: number[] = [];
      for (const { input_ids: tokenIds, top_ids: ids, top_logprobs: expected } of rows) {
        const session = await engine.session({ prompt: { tokenIds } });
        (await session.logprobs(ids)).forEach((logprob, i) => { errors.push(Math.abs(logprob - expected[i]!)); });
        await session.close();
      }
      expect(errors.length).toBeGreaterThanOrEqual(20);
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.15);
    } finally {
      await engine.close();
    }
  });

  it('refuses adapters', async () => {
    const engine = await open();
    await expect(engine.score({ prompt: { text: 'x' }, continuations: ['y'], adapter: 'a' })).rejects.toMatchObject({ code: 'unsupported_feature', param: 'adapter' });
    await engine.close();
  });
});
