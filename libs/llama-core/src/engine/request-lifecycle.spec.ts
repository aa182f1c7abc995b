import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LlamaCoreError } from '../errors.js';
import type { EngineRequest } from './engine.js';
import { answer, openTinyEngine, type TinyEngine } from './tiny-engine.fixture.js';

const tokensFrom = (seed: number, count: number) => Array.from({ length: count }, (_, i) => (i * 37 + seed * 101) % 320);
const codeOf = (error: unknown) => (error as LlamaCoreError).code;

let engine: TinyEngine;
afterEach(() => engine.close());

describe('a request that does not reach its end', () => {
  const long = (seed: number): EngineRequest => ({ prompt: { tokenIds: tokensFrom(seed, 100) }, maxTokens: 300 });

  it('frees everything when it is cancelled: waiting, being read, being answered, being scored, or as a session', async () => {
    engine = await openTinyEngine('llama2-gqa', { maxRunning: 3, stepTokens: 64 });
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController();
      const requests = [1, 2, 3, 4, 5].map((seed) => answer(engine, long(seed), controller.signal));
      const others = [engine.score({ prompt: { tokenIds: tokensFrom(6, 150) }, continuations: [[1, 2, 3], [4, 5]] }, controller.signal), engine.session({ prompt: { tokenIds: tokensFrom(7, 150) } }, controller.signal)];
      for (let i = 0; i < turns * 3; i++) await new Promise(setImmediate);
      controller.abort();
      const ends = await Promise.allSettled([...requests, ...others]);
      expect(new Set(ends.flatMap((end) => (end.status === 'rejected' ? [codeOf(end.reason)] : [])))).toEqual(new Set(['cancelled']));
      await expect.poll(() => engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
    }
  });

  it('ends with deadline_exceeded, wherever it is', async () => {
    engine = await openTinyEngine('llama2-gqa', { maxRunning: 1 });
    const running = answer(engine, { ...long(1), deadlineMs: 40 });
    const waiting = answer(engine, { ...long(2), deadlineMs: 20 });
    const late = engine.score({ prompt: { tokenIds: [1] }, continuations: [[2]], deadlineMs: 0 });
    const patient = answer(engine, { prompt: { tokenIds: [5] }, maxTokens: 2, deadlineMs: 60_000 });
    const ends = await Promise.allSettled([running, waiting, late]);
    expect(ends.map((end) => end.status === 'rejected' && codeOf(end.reason))).toEqual(['deadline_exceeded', 'deadline_exceeded', 'deadline_exceeded']);
    expect((await patient).ids).toHaveLength(2);
    expect(engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
  });

  it('is refused at once when the queue of its lane is full', async () => {
    engine = await openTinyEngine('llama2-gqa', { maxRunning: 2, maxWaiting: 3 });
    const controller = new AbortController();
    const requests = Array.from({ length: 8 }, (_, i) => answer(engine, long(i), controller.signal).catch(codeOf));
    await expect(Promise.race(requests)).resolves.toBe('overloaded');
    const batch = answer(engine, { prompt: { tokenIds: [1, 2] }, maxTokens: 1, lane: 'batch' });
    controller.abort();
    expect((await Promise.all(requests)).filter((end) => end === 'overloaded')).toHaveLength(3);
    expect((await batch).ids).toHaveLength(1);
  });

  it('is refused before it costs anything when nobody could serve it', async () => {
    engine = await openTinyEngine('llama2-gqa', { contextTokens: 50 });
    const ask = (request: Partial<EngineRequest>) => answer(engine, { prompt: { tokenIds: [1] }, ...request }).catch((error: LlamaCoreError) => [error.code, error.param]);
    expect(await ask({ prompt: { tokenIds: tokensFrom(1, 50) } })).toEqual(['context_length_exceeded', 'messages']);
    expect(await ask({ prompt: { messages: [{ role: 'user', content: 'hi' }] } })).toEqual(['template_invalid', 'messages']);
    expect(await ask({ adapter: 'nowhere' })).toEqual(['invalid_request', 'adapter']);
    expect(await ask({ lane: 'fast' as 'online' })).toEqual(['invalid_request', 'lane']);
    expect(await ask({ deadlineMs: -1 })).toEqual(['invalid_request', 'deadlineMs']);
    expect(engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
  });
});

describe('a run that fails', () => {
  it('ends the requests in it, frees them, and leaves the others and later ones alone', async () => {
    engine = await openTinyEngine('llama2-gqa');
    const expected = (await answer(engine, { prompt: { tokenIds: tokensFrom(1, 30) }, maxTokens: 5 })).ids;
    vi.spyOn(engine.runner, 'decode').mockRejectedValueOnce(new Error('no memory'));
    const [first, second] = [answer(engine, { prompt: { tokenIds: tokensFrom(1, 30) }, maxTokens: 5 }), engine.score({ prompt: { tokenIds: tokensFrom(2, 30) }, continuations: [[1, 2]] })];
    await expect(first).rejects.toMatchObject({ code: 'worker_crashed' });
    expect((await second).scores).toHaveLength(1);
    expect((await answer(engine, { prompt: { tokenIds: tokensFrom(1, 30) }, maxTokens: 5 })).ids).toEqual(expected);
    expect(engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
  });

  it('costs a session the question, not its life', async () => {
    engine = await openTinyEngine('llama2-gqa');
    const session = await engine.session({ prompt: { tokenIds: tokensFrom(1, 30) } });
    const expected = await session.logprobs([7]);
    vi.spyOn(engine.runner, 'decode').mockRejectedValueOnce(new Error('no memory'));
    await expect(session.logprobs([7])).rejects.toMatchObject({ code: 'worker_crashed' });
    expect((await session.logprobs([7]))[0]).toBeCloseTo(expected[0]!, 4);
    await session.close();
  });
});

describe('lanes', () => {
  it('let an online request overtake all batch work, which is finished nevertheless', async () => {
    engine = await openTinyEngine('llama2-gqa', { maxRunning: 2 });
    const order: string[] = [];
    const run = async (name: string, request: EngineRequest) => {
      await answer(engine, request);
      order.push(name);
    };
    const batch = [1, 2, 3, 4].map((seed) => run('batch', { prompt: { tokenIds: tokensFrom(seed, 60) }, maxTokens: 40, lane: 'batch' }));
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    const online = [5, 6].map((seed) => run('online', { prompt: { tokenIds: tokensFrom(seed, 60) }, maxTokens: 20 }));
    await Promise.all([...batch, ...online]);
    expect(order.slice(0, 2)).toEqual(['online', 'online']);
    expect(order).toHaveLength(6);
  });
});

describe('ten thousand requests', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  async function memory(): Promise<{ heap: number; external: number }> {
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise(setImmediate);
    }
    const { heapUsed, external } = process.memoryUsage();
    return { heap: heapUsed, external };
  }

  it('leave the heap as it was', async () => {
    engine = await openTinyEngine('llama3-bf16-sharded', { prefixTokens: 512 });
    const burst = async (from: number) => {
      for (let at = from; at < from + 1_000; at += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => answer(engine, { prompt: { tokenIds: tokensFrom(at + i, 1 + (i % 20)) }, maxTokens: 1 + (i % 3) })));
      }
    };
    await burst(0);
    const before = await memory();
    for (let from = 1_000; from < 10_000; from += 1_000) await burst(from);
    const after = await memory();
    expect(engine.service.loop.state).toMatchObject({ jobs: 0, referencedBlocks: 0 });
    // 9,000 requests that left as little as an empty Map each would be two megabytes.
    expect(after.heap - before.heap).toBeLessThan(1_000_000);
    expect(after.external - before.external).toBeLessThan(1_000_000);
  }, 300_000);
});
