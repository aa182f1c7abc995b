import { createServer, type Server, type ServerResponse } from 'node:http';
import type { GenerateEvent, GenerateRequest } from '@sallyport/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpstreamBackend } from './upstream-backend.js';

let server: Server;
let backend: UpstreamBackend;
let seen: { url: string | undefined; key: string | undefined; body: Record<string, unknown> };
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen = { url: request.url, key: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown> };
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  backend = new UpstreamBackend({ id: 'big', model: 'llama-70b', apiKey: 'k', baseUrl: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1` });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const request: GenerateRequest = { model: 'big', messages: [{ role: 'user', content: 'hi' }] };
const stream = (...chunks: unknown[]) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join(''));
};

const callWith = (signal: AbortSignal) => ({ signal, lane: 'online' as const, deadlineAt: Date.now() + 60_000 });

async function ask(rest: Partial<GenerateRequest> = {}, signal = new AbortController().signal): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of backend.generate({ ...request, ...rest }, callWith(signal))) events.push(event);
  return events;
}

describe('UpstreamBackend', () => {
  it('passes every channel, choice, tool call and log-probability on', async () => {
    answer = stream(
      { choices: [{ index: 0, delta: { reasoning_content: 'hm' } }, { index: 1, delta: { content: 'two' } }] },
      { choices: [{ index: 0, delta: { content: 'é' }, logprobs: { content: [{ token: 'é', logprob: -0.5, bytes: null, top_logprobs: [{ token: 'e', logprob: -1, bytes: [101] }] }] } }] },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] }, finish_reason: 'tool_calls' }] },
      { choices: [{ index: 1, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } },
      '[DONE]',
    );
    expect(await ask({ n: 2 })).toEqual([
      { type: 'delta', index: 0, channel: 'reasoning', text: 'hm' },
      { type: 'delta', index: 1, channel: 'content', text: 'two' },
      { type: 'delta', index: 0, channel: 'content', text: 'é', logprobs: [{ token: 'é', logprob: -0.5, bytes: [195, 169], top: [{ token: 'e', logprob: -1, bytes: [101] }] }] },
      { type: 'tool_call', index: 0, callIndex: 0, id: 'c', name: 'f', argumentsText: '{}' },
      { type: 'finish', index: 0, reason: 'tool_calls' },
      { type: 'finish', index: 1, reason: 'stop' },
      { type: 'usage', promptTokens: 3, completionTokens: 4, queueMs: 0, inferenceMs: expect.any(Number) },
    ]);
    expect(seen).toMatchObject({ url: '/v1/chat/completions', key: 'Bearer k', body: { model: 'llama-70b', stream: true, n: 2 } });
  });

  it('passes biases, formats and foreign fields as they are', async () => {
    answer = stream({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }, '[DONE]');
    const responseFormat = { type: 'json_schema' as const, json_schema: { name: 'x', schema: { type: 'string', pattern: 'a' }, strict: true } };
    await ask({ logitBias: { 5: -100 }, responseFormat, passthrough: { reasoning_effort: 'low' } });
    expect(seen.body).toMatchObject({ logit_bias: { 5: -100 }, response_format: responseFormat, reasoning_effort: 'low' });
  });

  it.each<[string, (response: ServerResponse) => void, object]>([
    ['a rate limit', (response) => void response.writeHead(429, { 'retry-after': '9' }).end('{}'), { code: 'rate_limited', retryAfterS: 9 }],
    ['an overload', (response) => void response.writeHead(503).end('{}'), { code: 'generator_unavailable', retryAfterS: 2 }],
    ['a bad field', (response) => void response.writeHead(400).end(JSON.stringify({ error: { param: 'stop', message: 'SECRET' } })), { code: 'invalid_request', param: 'stop' }],
    ['an unknown model', (response) => void response.writeHead(404).end('{}'), { code: 'model_not_found' }],
    ['a failure', (response) => void response.writeHead(500).end('{}'), { code: 'upstream_error' }],
    ['half an answer', stream({ choices: [{ index: 0, delta: { content: 'half' } }] }), { code: 'upstream_error' }],
  ])('names %s', async (_, given, expected) => {
    answer = given;
    await expect(ask()).rejects.toMatchObject({ name: 'SallyportError', ...expected });
  });

  it('is cancelled by its caller and names a server that is not there', async () => {
    answer = (response) => void response.writeHead(200).write('data: {"choices":[]}\n\n');
    await expect(ask({}, AbortSignal.timeout(30))).rejects.toMatchObject({ code: 'cancelled' });
    const nowhere = new UpstreamBackend({ id: 'x', model: 'x', baseUrl: 'http://127.0.0.1:1/v1' });
    await expect(nowhere.generate(request, callWith(new AbortController().signal)).next()).rejects.toMatchObject({ code: 'generator_unavailable', message: expect.stringContaining('127.0.0.1:1') });
  });
});
