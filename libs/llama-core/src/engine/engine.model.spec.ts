import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_GENERATOR } from '../hub/catalog.js';
import type { Engine, EngineEvent, EngineRequest } from './engine.js';
import { createLocalEngine } from './local-engine.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const user = (content: string) => ({ messages: [{ role: 'user', content }] });
const CAPITAL = user('What is the capital of France?');

describe('createLocalEngine on SmolLM2-135M-Instruct, 8 bits', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createLocalEngine({ model: atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`), quantization: 'int8', cacheFolder: atRoot('.sallyport/graphs'), contextTokens: 1024, maxRunning: 4, maxWaiting: 2 });
  });
  afterAll(() => engine.close());

  async function collect(request: EngineRequest, signal?: AbortSignal) {
    const events: EngineEvent[] = [];
    for await (const event of engine.generate(request, signal)) events.push(event);
    const texts = events.filter((event) => event.type === 'text');
    return { text: texts.map((event) => event.text).join(''), tokens: texts.flatMap((event) => event.tokens), end: events.find((event) => event.type === 'end') };
  }

  it('answers through the chat template and stops at the end of its turn', async () => {
    const { text, end } = await collect({ prompt: CAPITAL, maxTokens: 60 });
    expect(text).toContain('Paris');
    expect(end).toMatchObject({ reason: 'stop' });
  });

  it('gives the same greedy answers alone and batched with others of other lengths', async () => {
    const prompts = [CAPITAL, user('Name three colours.'), user(`Summarise: ${'the cat sat on the mat. '.repeat(30)}`), user('Hi')];
    const alone = [];
    for (const prompt of prompts) alone.push((await collect({ prompt, maxTokens: 24 })).text);
    const together = await Promise.all(prompts.map((prompt) => collect({ prompt, maxTokens: 24 })));
    expect(together.map(({ text }) => text)).toEqual(alone);
  });

  it('reports log-probabilities of tokens that spell the text', async () => {
    const { text, tokens } = await collect({ prompt: CAPITAL, maxTokens: 8, topLogprobs: 3 });
    expect(Buffer.from(tokens.flatMap((token) => token.bytes)).toString('utf8')).toBe(text);
    for (const token of tokens) {
      expect(token.top).toHaveLength(3);
      expect(token.top![0]!.logprob).toBeGreaterThanOrEqual(token.logprob!);
      expect(token.logprob).toBeLessThanOrEqual(0);
    }
  });

  it('repeats itself with a seed and differs without', async () => {
    const request = { prompt: user('Tell me a story.'), maxTokens: 20, temperature: 1 };
    const [a, b, c] = [await collect({ ...request, seed: 1 }), await collect({ ...request, seed: 1 }), await collect({ ...request, seed: 2 })];
    expect(a!.text).toBe(b!.text);
    expect(c!.text).not.toBe(a!.text);
  });

  it('stops before a stop string that spans tokens, and at max tokens', async () => {
    const { text, end } = await collect({ prompt: CAPITAL, stop: ['of France'] });
    expect(text).toBe('The capital ');
    expect(end).toMatchObject({ reason: 'stop' });
    expect((await collect({ prompt: CAPITAL, maxTokens: 2 })).end).toMatchObject({ reason: 'length', completionTokens: 2 });
  });

  it('ends with cancelled when its signal aborts, and goes on serving', async () => {
    const controller = new AbortController();
    const running = collect({ prompt: user('Count to a thousand.'), maxTokens: 900, ignoreEos: true }, controller.signal);
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect((await collect({ prompt: CAPITAL, maxTokens: 3 })).tokens).toHaveLength(3);
  });

  it('computes a prompt once and scores what may follow it', async () => {
    const prompt = user('Answer with yes or no: is the sky above Paris on a sunny day green rather than blue?');
    const first = await collect({ prompt, maxTokens: 2, topLogprobs: 5 });
    const { scores, cachedTokens, promptTokens } = await engine.score({ prompt, continuations: first.tokens[0]!.top!.map(({ id }) => [id]) });
    expect(cachedTokens).toBe(Math.floor((promptTokens - 1) / 16) * 16);
    // With 8-bit activations a number may move by a rounding step where a chunk begins elsewhere.
    scores.forEach(({ logprob }, i) => { expect(Math.abs(logprob - first.tokens[0]!.top![i]!.logprob)).toBeLessThan(0.05); });
  });

  it('keeps a session in the worker, beside an answer, and knows when it is gone', async () => {
    const answer = collect({ prompt: CAPITAL, maxTokens: 12 });
    const session = await engine.session({ prompt: { text: 'The capital of France is the city of' } });
    const before = session.length;
    const [paris, lyon] = await session.score([' Paris', ' Lyon']);
    expect(paris!.logprob).toBeGreaterThan(lyon!.logprob);
    await session.append(' Paris. The capital of Germany is the city of');
    const [berlin] = await session.score([' Berlin']);
    await session.truncate(before);
    expect((await session.score([' Berlin']))[0]!.logprob).toBeLessThan(berlin!.logprob);
    expect((await answer).text).toContain('Paris');
    await session.close();
    await expect(session.score([' Paris'])).rejects.toMatchObject({ code: 'invalid_request', param: 'session' });
  });

  it('keeps to a deadline', async () => {
    await expect(collect({ prompt: CAPITAL, maxTokens: 900, ignoreEos: true, deadlineMs: 200 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('refuses what cannot fit, what is out of range, and what nobody has room for', async () => {
    await expect(collect({ prompt: user('word '.repeat(2000)) })).rejects.toMatchObject({ code: 'context_length_exceeded' });
    await expect(collect({ prompt: CAPITAL, topP: 2 })).rejects.toMatchObject({ code: 'invalid_request', param: 'topP' });
    await expect(collect({ prompt: { tokenIds: [1_000_000] } })).rejects.toMatchObject({ code: 'invalid_request', param: 'tokenIds' });
    const controller = new AbortController();
    const busy = Array.from({ length: 7 }, () => collect({ prompt: CAPITAL, maxTokens: 900, ignoreEos: true }, controller.signal).catch((error: { code: string }) => error.code));
    await expect(Promise.race(busy)).resolves.toBe('overloaded');
    controller.abort();
    expect(new Set(await Promise.all(busy))).toEqual(new Set(['overloaded', 'cancelled']));
  });
});

describe('createLocalEngine with a bad model', () => {
  it.each([
    ['nothing', 'nowhere.gguf', 'model_not_found'],
    ['a classifier', 'libs/llama-core/fixtures/models/bert-minilm', 'unsupported_architecture'],
    ['a file that is no model', 'package.json', 'gguf_invalid'],
  ])('refuses %s', async (_, path, code) => {
    await expect(createLocalEngine({ model: atRoot(path) })).rejects.toMatchObject({ code });
  });
});
