import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EngineEvent, EngineFeature, EngineRequest, Prompt } from './engine.js';

export interface EngineUnderTest {
  engine: Engine;
  /** Ids of a text, for prompts of token ids. */
  encode(text: string): Promise<number[]>;
  close(): Promise<void>;
}

export interface ConformanceOptions {
  open(): Promise<EngineUnderTest>;
  /** Calls that this engine is still to learn; everything else it cannot do it has to refuse by name. */
  notYet?: readonly EngineFeature[];
  /** How far log-probabilities may lie apart when the same tokens are computed in other pieces: 8-bit kernels round one row and several differently. */
  within?: number;
  /** What it needs is not here. */
  skip?: boolean;
}

type Text = Extract<EngineEvent, { type: 'text' }>;
type End = Extract<EngineEvent, { type: 'end' }>;
const user = (content: string): Prompt => ({ messages: [{ role: 'user', content }] });
const CAPITAL = user('What is the capital of France?');

/** What every engine has to do alike, whatever computes the logits. */
export function describeEngine(name: string, { open, notYet = [], within = 1e-3, skip = false }: ConformanceOptions): void {
  describe.skipIf(skip)(`${name} as an Engine`, () => {
    let tested: EngineUnderTest;
    let engine: Engine;
    beforeAll(async () => {
      tested = await open();
      engine = tested.engine;
    }, 180_000);
    afterAll(() => tested?.close());

    const near = (actual: number | undefined, expected: number | undefined) => expect(Math.abs(actual! - expected!)).toBeLessThanOrEqual(within);
    const can = (feature: EngineFeature) => !engine.describe().unsupported?.includes(feature);

    async function collect(request: EngineRequest, signal?: AbortSignal) {
      const events: EngineEvent[] = [];
      for await (const event of engine.generate(request, signal)) events.push(event);
      const texts = events.filter((event): event is Text => event.type === 'text');
      const ends = events.filter((event): event is End => event.type === 'end');
      return { text: texts.map(({ text }) => text).join(''), tokens: texts.flatMap(({ tokens }) => tokens), pieces: texts.length, ends, end: ends[0]! };
    }

    it('describes itself', () => {
      expect(engine.describe()).toMatchObject({ contextTokens: expect.any(Number), vocabularySize: expect.any(Number), hasChatTemplate: expect.any(Boolean) });
    });

    it('streams a conversation, a text and token ids, and ends once', async () => {
      const tokenIds = await tested.encode('The capital of France is');
      const ask = async (prompt: Prompt) => collect({ prompt, maxTokens: 12, ignoreEos: true });
      const [chat, text, ids] = [await ask(CAPITAL), await ask({ text: 'The capital of France is' }), await ask({ tokenIds })];
      for (const { pieces, ends } of [chat, text, ids]) {
        expect(pieces).toBeGreaterThan(1);
        expect(ends).toHaveLength(1);
        expect(ends[0]).toMatchObject({ reason: 'length', completionTokens: 12 });
        expect(ends[0]!.promptTokens).toBeGreaterThan(0);
      }
      expect(ids.text).toBe(text.text);
      expect(ids.end.promptTokens).toBe(tokenIds.length);
    });

    it('cuts before a stop string', async () => {
      const { text } = await collect({ prompt: CAPITAL, maxTokens: 16 });
      const stop = text.slice(4, 9);
      const stopped = await collect({ prompt: CAPITAL, maxTokens: 16, stop: ['never said', stop] });
      expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)));
      expect(stopped.end.reason).toBe('stop');
    });

    it('repeats itself with a seed and differs with another', async () => {
      const ask = async (seed: number) => (await collect({ prompt: user('Tell me a story.'), maxTokens: 16, temperature: 1, seed, ignoreEos: true })).text;
      const first = await ask(11);
      expect(await ask(11)).toBe(first);
      expect(await ask(12)).not.toBe(first);
    });

    it('reports log-probabilities of tokens that spell the text', async () => {
      const { text, tokens } = await collect({ prompt: CAPITAL, maxTokens: 6, topLogprobs: 3, ignoreEos: true });
      expect(tokens).toHaveLength(6);
      expect(new TextDecoder().decode(Uint8Array.from(tokens.flatMap(({ bytes }) => bytes)))).toBe(text);
      for (const { logprob, top, bytes } of tokens) {
        expect(top).toHaveLength(3);
        expect(top![0]!.logprob).toBeCloseTo(logprob!, 6);
        expect(top![0]!.bytes).toEqual(bytes);
        expect(logprob).toBeLessThanOrEqual(0);
        expect([...top!].sort((a, b) => b.logprob - a.logprob)).toEqual(top);
      }
    });

    it('keeps to a response format and to biases', async () => {
      const { text, end } = await collect({ prompt: CAPITAL, maxTokens: 40, responseFormat: { type: 'json_schema', schema: { type: 'object', properties: { city: { enum: ['Paris', 'Lyon'] } }, required: ['city'], additionalProperties: false } } });
      expect(JSON.parse(text)).toEqual({ city: expect.stringMatching(/^(Paris|Lyon)$/) });
      expect(end.reason).toBe('stop');
      const [id] = await tested.encode('!');
      expect((await collect({ prompt: CAPITAL, maxTokens: 3, logitBias: { [id!]: 100 } })).text).toBe('!!!');
    });

    it('ends with cancelled on abort, stops when its loop is left, and goes on serving', async () => {
      const long = { prompt: user('Count to a thousand.'), maxTokens: 400, ignoreEos: true };
      const controller = new AbortController();
      const aborted = async () => {
        for await (const event of engine.generate(long, controller.signal)) if (event.type === 'text') controller.abort();
      };
      await expect(aborted()).rejects.toMatchObject({ name: 'LlamaCoreError', code: 'cancelled' });
      await expect(collect(long, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
      for await (const event of engine.generate(long)) if (event.type === 'text') break;
      expect((await collect({ prompt: CAPITAL, maxTokens: 3, ignoreEos: true })).end.completionTokens).toBe(3);
    });

    it.skipIf(notYet.includes('session'))('keeps deadlines', async () => {
      await expect(collect({ prompt: user('Count to a thousand.'), maxTokens: 400, ignoreEos: true, deadlineMs: 5 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    });

    it('refuses by name what is wrong', async () => {
      await expect(collect({ prompt: CAPITAL, topP: 2 })).rejects.toMatchObject({ code: 'invalid_request', param: 'topP' });
      await expect(collect({ prompt: CAPITAL, stop: [''] })).rejects.toMatchObject({ code: 'invalid_request', param: 'stop' });
      await expect(collect({ prompt: user('word '.repeat(3_000)) })).rejects.toMatchObject({ code: 'context_length_exceeded' });
    });

    it('answers concurrent requests as it answers them alone', async () => {
      const prompts = [CAPITAL, user('Name three colours.'), { text: 'Once upon a time' }, user('Hi'), user(`Summarise: ${'the cat sat. '.repeat(12)}`)];
      const alone = [];
      for (const prompt of prompts) alone.push((await collect({ prompt, maxTokens: 8 })).text);
      expect((await Promise.all(prompts.map((prompt) => collect({ prompt, maxTokens: 8 })))).map(({ text }) => text)).toEqual(alone);
    });

    it.skipIf(notYet.includes('score'))('scores continuations, or refuses to by name', async () => {
      const tokenIds = await tested.encode('The capital of France is');
      const continuations = [await tested.encode(' Paris'), await tested.encode(' a banana')];
      const scored = engine.score({ prompt: { tokenIds }, continuations });
      if (!can('score')) return expect(scored).rejects.toMatchObject({ code: 'unsupported_feature' });
      const { scores } = await scored;
      expect(scores.map((score) => score.tokenIds)).toEqual(continuations);
      for (const { logprob, logprobs } of scores) expect(logprobs.reduce((a, b) => a + b, 0)).toBeCloseTo(logprob, 6);
      // A token that a bias forces is reported with the model's own log-probability, which is its score.
      const forced = await collect({ prompt: { tokenIds }, maxTokens: 1, topLogprobs: 0, logitBias: { [continuations[0]![0]!]: 100 } });
      near(scores[0]!.logprobs[0], forced.tokens[0]!.logprob);
    });

    it.skipIf(notYet.includes('score'))('scores after a conversation, or refuses to by name', async () => {
      const continuations = ['The', ' banana'];
      const scored = engine.score({ prompt: CAPITAL, continuations });
      if (!can('scoreMessages')) return expect(scored).rejects.toMatchObject({ code: 'unsupported_feature', param: 'messages' });
      const { scores, promptTokens } = await scored;
      expect(promptTokens).toBe((await collect({ prompt: CAPITAL, maxTokens: 1 })).end.promptTokens);
      const forced = await collect({ prompt: CAPITAL, maxTokens: 1, topLogprobs: 0, logitBias: { [scores[0]!.tokenIds[0]!]: 100 } });
      near(scores[0]!.logprobs[0], forced.tokens[0]!.logprob);
    });

    it.skipIf(notYet.includes('session'))('keeps a session, or refuses to by name', async () => {
      const prompt = { tokenIds: await tested.encode('The capital of France is') };
      const opening = engine.session({ prompt });
      if (!can('session')) return expect(opening).rejects.toMatchObject({ code: 'unsupported_feature', param: 'session' });
      const session = await opening;
      try {
        const [paris] = await tested.encode(' Paris');
        const fresh = (await engine.score({ prompt, continuations: [[paris!]] })).scores[0]!.logprob;
        near((await session.logprobs([paris!]))[0], fresh);
        const length = await session.append(' not');
        expect(length).toBeGreaterThan(prompt.tokenIds.length);
        expect(Math.abs((await session.logprobs([paris!]))[0]! - fresh)).toBeGreaterThan(within);
        await session.truncate(prompt.tokenIds.length);
        near((await session.score([[paris!]]))[0]!.logprob, fresh);
      } finally {
        await session.close();
      }
      await expect(session.append('x')).rejects.toMatchObject({ name: 'LlamaCoreError' });
    });

    it('serves nobody once it is closed', async () => {
      await engine.close();
      await expect(collect({ prompt: CAPITAL, maxTokens: 1 })).rejects.toMatchObject({ code: 'engine_closed' });
    });
  });
}
