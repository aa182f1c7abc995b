import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runModel } from './run-model.js';
import { answer, cacheFolder, fixtureModel, openTinyEngine, type TinyEngine, type TinyEngineOptions } from './tiny-engine.fixture.js';

const DECODERS = ['llama1-mha', 'llama2-gqa', 'llama3-bf16-sharded', 'llama3-theta', 'llama31-scaled-rope', 'llama32-tied'];
const golden = async (name: string) => JSON.parse(await readFile(join(fixtureModel(name), 'golden.json'), 'utf8')) as { input_ids: number[][]; greedy: number[][] };

const SETTINGS: Array<[string, TinyEngineOptions]> = [
  ['in one batch', {}],
  ['one at a time', { maxRunning: 1 }],
  ['in small steps', { stepTokens: 64 }],
  ['with the prefix cache', { prefixTokens: 4_000 }],
  ['with hardly any memory', { contextTokens: 320, kvTokens: 330 }],
  ['with hardly any memory, half of it cache', { contextTokens: 320, kvTokens: 330, prefixTokens: 160, stepTokens: 64 }],
];

let engine: TinyEngine;
afterEach(() => engine.close());

describe('greedy answers against transformers', () => {
  it.each(DECODERS.flatMap((name) => SETTINGS.map(([how, options]) => [name, how, options] as const)))('%s, %s', async (name, _, options) => {
    engine = await openTinyEngine(name, options);
    const { input_ids, greedy } = await golden(name);
    // Each prompt three times: twice at once and once later, with an empty and with a filled cache.
    const ask = () => Promise.all([...input_ids, ...input_ids].map((tokenIds) => answer(engine, { prompt: { tokenIds }, maxTokens: 16 })));
    for (const round of [await ask(), await ask()]) expect(round.map(({ ids }) => ids)).toEqual([...greedy, ...greedy]);
    const { state } = engine.service.loop;
    expect(state).toMatchObject({ jobs: 0, referencedBlocks: 0, heldTokens: state.cachedBlocks * 16 });
    expect(state.heldBytes).toBe(state.heldTokens * engine.kvBytesPerToken);
  });
});

describe('memory', () => {
  const prompts = Array.from({ length: 6 }, (_, i) => Array.from({ length: 20 + 9 * i }, (_, k) => (k * 7 + i * 31) % 300));

  it('is taken from the youngest when answers outgrow it, and the answers stay the same', async () => {
    const { greedy } = await runModel(fixtureModel('llama2-gqa'), { input_ids: prompts, greedy: 60 }, { cacheFolder });
    engine = await openTinyEngine('llama2-gqa', { contextTokens: 150, kvTokens: 260, stepTokens: 64 });
    const order: number[] = [];
    const answers = await Promise.all(prompts.map(async (tokenIds, i) => {
      const { ids } = await answer(engine, { prompt: { tokenIds }, maxTokens: 60 });
      order.push(i);
      return ids;
    }));
    expect(answers).toEqual(greedy);
    expect(engine.service.loop.state.preemptions).toBeGreaterThan(0);
    expect(order.indexOf(0)).toBeLessThan(3);
    expect(order.at(-1)).toBe(5);
  });

  it('never exceeds its budget by more than the padding and the room to grow, however much is asked for at once', async () => {
    const kvTokens = 512;
    engine = await openTinyEngine('llama2-gqa', { contextTokens: 200, kvTokens, prefixTokens: 96, stepTokens: 64 });
    const most = { tokens: 0, bytes: 0 };
    let over = false;
    const watch = (async () => {
      while (!over) {
        const { inStep, heldTokens, heldBytes } = engine.service.loop.state;
        most.tokens = Math.max(most.tokens, heldTokens);
        if (!inStep) most.bytes = Math.max(most.bytes, heldBytes);
        await new Promise(setImmediate);
      }
    })();
    const lanes = ['online', 'batch'] as const;
    await Promise.all(Array.from({ length: 60 }, (_, i) => answer(engine, { prompt: { tokenIds: prompts[i % 6]! }, maxTokens: 1 + ((i * 7) % 90), lane: lanes[i % 2]! })));
    over = true;
    await watch;
    expect(most.tokens).toBeGreaterThan(kvTokens * 0.9);
    expect(most.tokens).toBeLessThanOrEqual(kvTokens);
    expect(most.bytes).toBeGreaterThan(kvTokens * 0.8 * engine.kvBytesPerToken);
    expect(most.bytes).toBeLessThanOrEqual((kvTokens + kvTokens / 8 + kvTokens / 8) * engine.kvBytesPerToken);
  });

  it('is that of the tokens: one more sequence costs what its keys and values take', async () => {
    engine = await openTinyEngine('llama2-gqa');
    const controller = new AbortController();
    const tokenIds = Array.from({ length: 200 }, (_, i) => i % 300);
    const heldBy = async (count: number) => {
      const running = Array.from({ length: count }, () => answer(engine, { prompt: { tokenIds }, maxTokens: 300 }, controller.signal).catch(() => undefined));
      const first = engine.generate({ prompt: { tokenIds }, maxTokens: 20, ignoreEos: true })[Symbol.asyncIterator]();
      for (let i = 0; i < 15; i++) await first.next();
      const { heldBytes, heldTokens } = engine.service.loop.state;
      await first.return?.();
      return { heldBytes, heldTokens, running };
    };
    const { heldBytes, heldTokens, running } = await heldBy(7);
    expect(heldTokens).toBeGreaterThan(8 * 200);
    expect(heldBytes / (heldTokens * engine.kvBytesPerToken)).toBeGreaterThan(0.9);
    expect(heldBytes / (heldTokens * engine.kvBytesPerToken)).toBeLessThan(1.1);
    controller.abort();
    await Promise.all(running);
    await expect.poll(() => engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
  });
});

describe('prefix cache', () => {
  it('spares a second request the blocks that it has in common with the first, the answer of the first included', async () => {
    engine = await openTinyEngine('llama31-scaled-rope', { prefixTokens: 2_000 });
    const tokenIds = Array.from({ length: 100 }, (_, i) => (i * 13) % 300);
    const first = await answer(engine, { prompt: { tokenIds }, maxTokens: 30 });
    expect(first.end).toMatchObject({ promptTokens: 100, cachedTokens: 0 });
    expect((await answer(engine, { prompt: { tokenIds }, maxTokens: 3 })).end.cachedTokens).toBe(96);
    expect((await answer(engine, { prompt: { tokenIds: [...tokenIds.slice(0, 50), 1, 2, 3] }, maxTokens: 3 })).end.cachedTokens).toBe(48);
    const next = await answer(engine, { prompt: { tokenIds: [...tokenIds, ...first.ids, 5, 6] }, maxTokens: 3 });
    expect(next.end.cachedTokens).toBe(128);
    const { greedy } = await runModel(fixtureModel('llama31-scaled-rope'), { input_ids: [[...tokenIds, ...first.ids, 5, 6]], greedy: 3 }, { cacheFolder });
    expect(next.ids).toEqual(greedy![0]);
  });

  it('computes a prefix once when several begin with it at the same time', async () => {
    engine = await openTinyEngine('llama2-gqa', { prefixTokens: 2_000 });
    const policy = Array.from({ length: 64 }, (_, i) => i);
    const ends = await Promise.all([1, 2, 3, 4].map(async (last) => (await answer(engine, { prompt: { tokenIds: [...policy, last] }, maxTokens: 2 })).end.cachedTokens));
    expect(ends.sort((a, b) => a - b)).toEqual([0, 64, 64, 64]);
  });
});
