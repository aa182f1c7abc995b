import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LlamaCoreError } from '../errors.js';
import { answer, openTinyEngine, type TinyEngine } from './tiny-engine.fixture.js';

const MODEL = 'llama3-bf16-sharded';
const EXPECTED_ENDS = new Set(['cancelled', 'deadline_exceeded', 'overloaded']);

/** Prompts of a family have their first 60 tokens in common. */
const tokensOf = (family: number, count: number, own: number) => Array.from({ length: count }, (_, i) => (i < 60 ? i * 37 + family * 101 : i * 13 + own * 7) % 320);

const aRequest = fc.record({
  kind: fc.constantFrom('generate' as const, 'generate' as const, 'score' as const, 'session' as const),
  prompt: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 180 }), fc.integer({ min: 0, max: 40 })).map((parts) => tokensOf(...parts)),
  pieces: fc.array(fc.array(fc.integer({ min: 0, max: 319 }), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
  maxTokens: fc.integer({ min: 1, max: 60 }),
  lane: fc.constantFrom('online' as const, 'batch' as const),
  waitMs: fc.integer({ min: 0, max: 40 }),
  deadlineMs: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 6, nil: undefined }),
  cancelMs: fc.option(fc.integer({ min: 0, max: 80 }), { freq: 5, nil: undefined }),
});
type Request = typeof aRequest extends fc.Arbitrary<infer Value> ? Value : never;

const someOptions = fc.record({
  maxRunning: fc.integer({ min: 1, max: 6 }),
  kvTokens: fc.integer({ min: 250, max: 600 }),
  prefixTokens: fc.constantFrom(0, 64, 250),
  stepTokens: fc.constantFrom(64, 128),
  maxWaiting: fc.integer({ min: 5, max: 40 }),
});

describe('generations, scores and sessions at once, in hardly any memory, with deadlines and callers that go', () => {
  /** One request at a time, memory in plenty, no cache. */
  let calm: TinyEngine;
  beforeAll(async () => { calm = await openTinyEngine(MODEL, { maxRunning: 1, contextTokens: 250 }); });
  afterAll(() => calm.close());

  async function expectScores(scores: ReadonlyArray<{ logprob: number }>, prompt: number[], continuations: number[][]): Promise<void> {
    const expected = await calm.score({ prompt: { tokenIds: prompt }, continuations });
    scores.forEach(({ logprob }, i) => { expect(Math.abs(logprob - expected.scores[i]!.logprob)).toBeLessThan(1e-4 * continuations[i]!.length); });
  }

  async function converse(engine: TinyEngine, { prompt, pieces, lane }: Request, signal: AbortSignal): Promise<void> {
    const session = await engine.session({ prompt: { tokenIds: prompt }, lane }, signal);
    let held = prompt;
    for (const piece of pieces) {
      held = [...held, ...piece];
      await session.append(piece);
      await expectScores(await session.score([[3], [4, 5]]), held, [[3], [4, 5]]);
      held = held.slice(0, -1);
      await session.truncate(held.length);
    }
    await session.close();
  }

  async function perform(engine: TinyEngine, request: Request): Promise<void> {
    const { kind, prompt, pieces, maxTokens, lane, deadlineMs, cancelMs } = request;
    const { signal } = cancelMs === undefined ? new AbortController() : { signal: AbortSignal.timeout(cancelMs) };
    const service = { prompt: { tokenIds: prompt }, lane, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
    if (kind === 'session') await converse(engine, request, signal);
    else if (kind === 'score') await expectScores((await engine.score({ ...service, continuations: pieces }, signal)).scores, prompt, pieces);
    else expect((await answer(engine, { ...service, maxTokens }, signal)).ids).toEqual((await answer(calm, { prompt: { tokenIds: prompt }, maxTokens })).ids);
  }

  it('gives what a calm engine gives, or an end that was to be expected, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(someOptions, fc.array(aRequest, { minLength: 20, maxLength: 30 }), async (options, requests) => {
        const engine = await openTinyEngine(MODEL, { contextTokens: 250, ...options });
        try {
          const ends = await Promise.allSettled(requests.map((request) => sleep(request.waitMs).then(() => perform(engine, request))));
          for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof LlamaCoreError && EXPECTED_ENDS.has(end.reason.code))) throw end.reason;
          await expect.poll(() => engine.service.loop.state).toMatchObject({ jobs: 0, referencedBlocks: 0 });
          const { heldTokens, heldBytes, cachedBlocks } = engine.service.loop.state;
          expect([heldTokens, heldBytes]).toEqual([cachedBlocks * 16, cachedBlocks * 16 * engine.kvBytesPerToken]);
        } finally {
          await engine.close();
        }
      }),
      // What happens depends on the clock too, so a smaller failing case would not be found by trying.
      { numRuns: 20, endOnFailure: true },
    );
  }, 300_000);
});
