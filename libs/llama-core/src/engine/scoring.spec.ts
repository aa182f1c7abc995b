import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LlamaCoreError } from '../errors.js';
import { tokenLogprobs } from '../sampling/logprobs.js';
import type { EngineSession } from './engine.js';
import { runModel } from './run-model.js';
import { answer, cacheFolder, fixtureModel, openTinyEngine, type TinyEngine } from './tiny-engine.fixture.js';

const MODEL = 'llama2-gqa';
const tokensFrom = (seed: number, count: number) => Array.from({ length: count }, (_, i) => (i * 37 + seed * 101) % 320);
const policy = tokensFrom(1, 70);

/** Log-probabilities of the ids as next token, from logits that a run of the whole sequence in one piece gives. */
async function direct(tokens: number[], ids: readonly number[]): Promise<number[]> {
  const { logits } = await runModel(fixtureModel(MODEL), { input_ids: [tokens] }, { cacheFolder });
  return ids.map((id) => tokenLogprobs(Float32Array.from(logits[0]!), id, 0).logprob);
}

async function directScore(prompt: number[], continuation: number[]): Promise<number[]> {
  const out: number[] = [];
  for (const [i, id] of continuation.entries()) out.push(...(await direct([...prompt, ...continuation.slice(0, i)], [id])));
  return out;
}

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => { expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4); });
}

let engine: TinyEngine;
afterEach(() => engine.close());

describe('score', () => {
  const continuations = [[5], [9, 10], [9, 10, 11, 12], [9, 10, 40], [200, 7, 7, 7, 7], []];

  it.each([
    ['plainly', {}],
    ['with a full prefix cache', { prefixTokens: 1_000 }],
    ['in small steps and little memory', { stepTokens: 64, kvTokens: 130, contextTokens: 120, prefixTokens: 32 }],
  ])('equals log-softmax of the logits, %s', async (_, options) => {
    engine = await openTinyEngine(MODEL, options);
    for (const round of [1, 2]) {
      const result = await engine.score({ prompt: { tokenIds: policy }, continuations });
      for (const [i, score] of result.scores.entries()) {
        expectNear(score.logprobs, await directScore(policy, continuations[i]!));
        expect(score.tokenIds).toEqual(continuations[i]);
        expect(score.logprob).toBeCloseTo(score.logprobs.reduce((sum, value) => sum + value, 0), 10);
      }
      expect(result).toMatchObject({ promptTokens: 70, cachedTokens: round === 2 && 'prefixTokens' in options && options.prefixTokens === 1_000 ? 64 : result.cachedTokens });
    }
    expect(engine.service.loop.state).toMatchObject({ jobs: 0, referencedBlocks: 0 });
  });

  it('takes texts, which go on after the prompt', async () => {
    engine = await openTinyEngine(MODEL);
    const { scores } = await engine.score({ prompt: { text: 'Is it safe? ' }, continuations: ['safe', 'unsafe'] });
    expect(scores.map(({ tokenIds }) => tokenIds)).toEqual(['safe', 'unsafe'].map((text) => [...Buffer.from(text)]));
    expectNear(scores[0]!.logprobs, await directScore([...Buffer.from('Is it safe? ')], [...Buffer.from('safe')]));
  });

  it('refuses what does not fit or exist', async () => {
    engine = await openTinyEngine(MODEL, { contextTokens: 80 });
    await expect(engine.score({ prompt: { tokenIds: policy }, continuations: [tokensFrom(2, 11)] })).rejects.toMatchObject({ code: 'context_length_exceeded' });
    await expect(engine.score({ prompt: { tokenIds: policy }, continuations: [[320]] })).rejects.toMatchObject({ code: 'invalid_request', param: 'tokenIds' });
    await expect(engine.score({ prompt: { tokenIds: [] }, continuations: [[1]] })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(engine.score({ prompt: { tokenIds: policy }, continuations: [[1]], adapter: 'nowhere' })).rejects.toMatchObject({ code: 'invalid_request', param: 'adapter' });
  });
});

describe('session', () => {
  const suffix = tokensFrom(3, 9);

  it('screens a growing answer: extended, asked and rolled back, it equals a fresh run each time', async () => {
    engine = await openTinyEngine(MODEL, { prefixTokens: 1_000 });
    const session = await engine.session({ prompt: { tokenIds: policy } });
    let text = policy;
    for (let part = 0; part < 5; part++) {
      const piece = tokensFrom(10 + part, 1 + 3 * part);
      text = [...text, ...piece];
      expect(await session.append(piece)).toBe(text.length);
      await session.append(suffix);
      expectNear(await session.logprobs([1, 2, 300]), await direct([...text, ...suffix], [1, 2, 300]));
      await session.truncate(text.length);
      const [score] = await session.score([[4, 5, 6]]);
      expectNear(score!.logprobs, await directScore(text, [4, 5, 6]));
      expectNear(await session.logprobs([8]), await direct(text, [8]));
      expect(session.length).toBe(text.length);
    }
    await session.close();
    await expect.poll(() => engine.service.loop.state.jobs).toBe(0);
    await expect(session.append([1])).rejects.toMatchObject({ code: 'invalid_request', param: 'session' });
  });

  it('is computed again when its memory was needed for something else', async () => {
    engine = await openTinyEngine(MODEL, { contextTokens: 120, kvTokens: 130 });
    const session = await engine.session({ prompt: { tokenIds: policy } });
    expect(engine.service.loop.state.heldTokens).toBe(70);
    await answer(engine, { prompt: { tokenIds: tokensFrom(5, 100) }, maxTokens: 4 });
    expect(engine.service.loop.state.heldTokens).toBe(0);
    await session.append([3, 4]);
    expectNear(await session.logprobs([1, 2]), await direct([...policy, 3, 4], [1, 2]));
    await session.close();
  });

  it('runs beside other sessions and generations, and all of them get what they would get alone', async () => {
    engine = await openTinyEngine(MODEL, { kvTokens: 400, contextTokens: 200, prefixTokens: 100, stepTokens: 64 });
    const prompts = [1, 2, 3, 4, 5, 6].map((seed) => tokensFrom(seed, 10 + 11 * seed));
    const { greedy } = await runModel(fixtureModel(MODEL), { input_ids: prompts, greedy: 40 }, { cacheFolder });
    const answers = prompts.map(async (tokenIds, i) => expect((await answer(engine, { prompt: { tokenIds }, maxTokens: 40 })).ids).toEqual(greedy![i]));
    const screens = [1, 2, 3, 4].map(async (seed) => {
      const session = await engine.session({ prompt: { tokenIds: policy } });
      const text = [...policy];
      for (let part = 0; part < 4; part++) {
        const piece = tokensFrom(seed * 10 + part, 1 + part);
        text.push(...piece);
        await session.append(piece);
        expectNear(await session.logprobs([seed]), await direct(text, [seed]));
      }
      await session.close();
    });
    await Promise.all([...answers, ...screens]);
    await expect.poll(() => engine.service.loop.state).toMatchObject({ jobs: 0, referencedBlocks: 0 });
    const { state } = engine.service.loop;
    expect(state.heldBytes).toBe(state.cachedBlocks * 16 * engine.kvBytesPerToken);
  });

  it('keeps calls in order and survives those that fail', async () => {
    engine = await openTinyEngine(MODEL, { contextTokens: 90 });
    const session = await engine.session({ prompt: { tokenIds: policy } });
    const calls = await Promise.allSettled([session.append([1]), session.append(tokensFrom(2, 40)), session.logprobs([7]), session.truncate(75), session.truncate(60), session.logprobs([7], { deadlineMs: 0 })]);
    expect(calls.map((call) => (call.status === 'fulfilled' ? 'done' : (call.reason as LlamaCoreError).code))).toEqual(['done', 'context_length_exceeded', 'done', 'invalid_request', 'done', 'deadline_exceeded']);
    expectNear(await session.logprobs([7]), await direct(policy.slice(0, 60), [7]));
    const controller = new AbortController();
    const question = session.logprobs([9], { signal: controller.signal });
    controller.abort();
    await expect(question).rejects.toMatchObject({ code: 'cancelled' });
    expectNear(await session.logprobs([9]), await direct(policy.slice(0, 60), [9]));
    await session.close();
  });

  it('ends with its signal, and only so many may be open', async () => {
    engine = await openTinyEngine(MODEL, { maxSessions: 2 });
    const controller = new AbortController();
    const open = () => engine.session({ prompt: { tokenIds: policy } }, controller.signal);
    const [first] = await Promise.all([open(), open()]);
    await expect(open()).rejects.toMatchObject({ code: 'overloaded' });
    controller.abort();
    await expect.poll(() => engine.service.loop.state).toMatchObject({ jobs: 0, heldTokens: 0, heldBytes: 0 });
    await expect(first.logprobs([1])).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('any sequence of session calls', () => {
  const call = fc.oneof(
    fc.record({ do: fc.constant('append' as const), ids: fc.array(fc.integer({ min: 0, max: 319 }), { minLength: 1, maxLength: 12 }) }),
    fc.record({ do: fc.constant('truncate' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ do: fc.constant('ask' as const), id: fc.integer({ min: 0, max: 319 }) }),
    fc.record({ do: fc.constant('disturb' as const), length: fc.integer({ min: 1, max: 140 }) }),
  );

  it('answers as fresh runs do', async () => {
    engine = await openTinyEngine(MODEL, { contextTokens: 160, kvTokens: 170, prefixTokens: 48, stepTokens: 64 });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 14 }), async (calls) => {
        const session: EngineSession = await engine.session({ prompt: { tokenIds: policy.slice(0, 20) } });
        let held = policy.slice(0, 20);
        for (const step of calls) {
          if (step.do === 'append' && held.length + step.ids.length < 160) {
            held = [...held, ...step.ids];
            await session.append(step.ids);
          } else if (step.do === 'truncate') {
            held = held.slice(0, Math.max(1, Math.round(held.length * step.share)));
            await session.truncate(held.length);
          } else if (step.do === 'ask') expectNear(await session.logprobs([step.id]), await direct(held, [step.id]));
          else if (step.do === 'disturb') await answer(engine, { prompt: { tokenIds: tokensFrom(6, step.length) }, maxTokens: 2 });
        }
        expectNear(await session.logprobs([1]), await direct(held, [1]));
        await session.close();
      }),
      { numRuns: 25 },
    );
  });
});
