import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Engine, EngineRequest } from '../../engine/engine.js';
import { createRemoteEngine } from './remote-engine.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Record<string, unknown>) => void;

let server: Server;
let baseUrl: string;
let owner = 'vllm';
let answer: Answer;
let seen: Record<string, unknown> = {};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/models') return void response.end(JSON.stringify({ data: [{ id: 'm', owned_by: owner, max_model_len: 4_096, meta: { n_vocab: 32_000 } }] }));
      seen = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      answer(request, response, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => { owner = 'vllm'; });

const open = (rest: object = {}): Promise<Engine> => createRemoteEngine({ baseUrl, model: 'm', ...rest });
const sse = (...chunks: unknown[]): Answer => (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join(''));
};
const status = (code: number, error: object = {}, headers: Record<string, string> = {}): Answer => (_request, response) => void response.writeHead(code, headers).end(JSON.stringify({ error: { message: 'SECRET prompt', ...error } }));
const piece = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };

async function ask(engine: Engine, request: Partial<EngineRequest> = {}, signal?: AbortSignal) {
  let text = '';
  for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: 'hi' }] }, ...request }, signal)) if (event.type === 'text') text += event.text;
  return text;
}

describe('createRemoteEngine', () => {
  it('knows what the server says of its model, and refuses one it does not have', async () => {
    expect((await open()).describe()).toMatchObject({ contextTokens: 4_096, vocabularySize: 32_000, unsupported: expect.arrayContaining(['session']) });
    await expect(open({ model: 'other' })).rejects.toMatchObject({ code: 'model_not_found', message: expect.stringContaining('m') });
    await expect(createRemoteEngine({ baseUrl: 'http://127.0.0.1:1/v1', model: 'm' })).rejects.toMatchObject({ code: 'remote_unreachable', retryAfterS: 2 });
  });

  it('sends every field under the name that the server knows', async () => {
    answer = sse(piece('a'), finish, '[DONE]');
    const request: Partial<EngineRequest> = { maxTokens: 5, temperature: 0.5, topP: 0.9, topK: 3, minP: 0.1, typicalP: 0.8, repetitionPenalty: 1.1, frequencyPenalty: 0.2, presencePenalty: 0.3, logitBias: { 7: -1 }, seed: 4, stop: ['x'], topLogprobs: 2, responseFormat: { type: 'json_schema', schema: { type: 'string' } }, ignoreEos: true };
    await ask(await open(), request);
    expect(seen).toMatchObject({ model: 'm', stream: true, max_tokens: 5, temperature: 0.5, top_p: 0.9, top_k: 3, min_p: 0.1, typical_p: 0.8, repetition_penalty: 1.1, frequency_penalty: 0.2, presence_penalty: 0.3, logit_bias: { 7: -1 }, seed: 4, stop: ['x'], logprobs: true, top_logprobs: 2, ignore_eos: true, response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'string' }, strict: true } } });
    owner = 'llamacpp';
    await ask(await open(), { prompt: { text: 'x' }, repetitionPenalty: 1.1, adapter: 'guard' });
    expect(seen).toMatchObject({ model: 'guard', prompt: 'x', repeat_penalty: 1.1, temperature: 0 });
  });

  it.each<[string, Answer, string]>([
    ['a rate limit', status(429, {}, { 'retry-after': '7' }), 'rate_limited'],
    ['an unknown model', status(404), 'model_not_found'],
    ['a bad field', status(400, { param: 'top_p' }), 'invalid_request'],
    ['too long a prompt', status(400, { code: 'context_length_exceeded' }), 'context_length_exceeded'],
    ['an overload', status(503), 'remote_unreachable'],
    ['a failure', status(500), 'remote_error'],
    ['an answer without an end', sse(piece('half')), 'remote_error'],
    ['an event that is not JSON', sse('{"choices"'), 'remote_error'],
    ['an error in mid-answer', sse(piece('a'), { error: { message: 'SECRET' } }), 'remote_error'],
    ['a broken connection', (_request, response) => { response.writeHead(200); response.write(`data: ${JSON.stringify(piece('a'))}\n\n`, () => response.destroy()); }, 'remote_error'],
  ])('names %s, without the words of the server', async (_, given, code) => {
    answer = given;
    const error = await ask(await open()).then(() => undefined, (thrown: unknown) => thrown as { message: string });
    expect(error).toMatchObject({ code, ...(code === 'rate_limited' ? { retryAfterS: 7 } : {}) });
    expect(error!.message).not.toContain('SECRET');
  });

  it('ends a silent and a late answer, and tells the server when its caller leaves', async () => {
    let closed = 0;
    answer = (request, response) => {
      response.writeHead(200).write(`data: ${JSON.stringify(piece('a'))}\n\n`);
      request.socket.once('close', () => { closed += 1; });
      response.once('close', () => { closed += 1; });
    };
    await expect(ask(await open({ silenceMs: 50 }))).rejects.toMatchObject({ code: 'deadline_exceeded', message: expect.stringContaining('said nothing') });
    await expect(ask(await open(), { deadlineMs: 50 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(ask(await open(), {}, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'cancelled' });
    for await (const event of (await open()).generate({ prompt: { text: 'x' } })) if (event.type === 'text') break;
    await expect.poll(() => closed).toBeGreaterThanOrEqual(4);
  });

  it('refuses to score what the server cannot', async () => {
    owner = 'library';
    const engine = await open();
    expect(engine.describe().unsupported).toContain('scoreMessages');
    await expect(engine.score({ prompt: { messages: [] }, continuations: ['x'] })).rejects.toMatchObject({ code: 'unsupported_feature', param: 'messages' });
    answer = (_request, response) => void response.end(JSON.stringify({ choices: [{ text: 'x', logprobs: null }] }));
    await expect(engine.score({ prompt: { text: 'a' }, continuations: ['x'] })).rejects.toMatchObject({ code: 'unsupported_feature', param: 'score' });
    answer = (_request, response) => void response.end(JSON.stringify({ choices: [{ logprobs: { token_logprobs: [null, -1, -2], text_offset: [0, 1, 3] } }] }));
    await expect(engine.score({ prompt: { text: 'ab' }, continuations: ['c'] })).rejects.toMatchObject({ code: 'invalid_request', param: 'continuations' });
    expect((await engine.score({ prompt: { text: 'a' }, continuations: ['bc'] })).scores).toEqual([{ tokenIds: [-1], logprobs: [-1], logprob: -1 }]);
  });
});
