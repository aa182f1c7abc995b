import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const CHAT = '/v1/chat/completions';
const good = { model: 'fake-llama', messages: [{ role: 'user', content: 'hi' }] };
const user = (content: unknown) => ({ ...good, messages: [{ role: 'user', content }] });

/** [what, route, body, status, code, param] */
const CASES: Array<[string, string, unknown, number, string, string | null]> = [
  ['no messages', CHAT, { model: 'm' }, 400, 'invalid_request', 'messages'],
  ['empty messages', CHAT, { ...good, messages: [] }, 400, 'invalid_request', 'messages'],
  ['messages that are no list', CHAT, { ...good, messages: 'hi' }, 400, 'invalid_request', 'messages'],
  ['a message without content', CHAT, { ...good, messages: [{ role: 'user' }] }, 400, 'invalid_request', 'messages.0.content'],
  ['a number as content', CHAT, user(7), 400, 'invalid_request', 'messages.0.content'],
  ['an unknown role', CHAT, { ...good, messages: [{ role: 'wizard', content: 'x' }] }, 400, 'invalid_request', 'messages.0.role'],
  ['a message that is null', CHAT, { ...good, messages: [null] }, 400, 'invalid_request', 'messages.0'],
  ['no model', CHAT, { messages: good.messages }, 400, 'invalid_request', 'model'],
  ['an unknown field', CHAT, { ...good, tempratur: 1 }, 400, 'unknown_parameter', 'tempratur'],
  ['a temperature out of range', CHAT, { ...good, temperature: 3 }, 400, 'invalid_request', 'temperature'],
  ['a temperature as text', CHAT, { ...good, temperature: '1' }, 400, 'invalid_request', 'temperature'],
  ['max_tokens of zero', CHAT, { ...good, max_tokens: 0 }, 400, 'invalid_request', 'max_tokens'],
  ['n of 1000', CHAT, { ...good, n: 1000 }, 400, 'invalid_request', 'n'],
  ['top_logprobs without logprobs', CHAT, { ...good, top_logprobs: 3 }, 400, 'invalid_request', 'top_logprobs'],
  ['a logit bias beyond 100', CHAT, { ...good, logit_bias: { 1: 101 } }, 400, 'invalid_request', 'logit_bias'],
  ['a logit bias on a word', CHAT, { ...good, logit_bias: { yes: 1 } }, 400, 'invalid_request', 'logit_bias'],
  ['an unknown response format', CHAT, { ...good, response_format: { type: 'xml' } }, 400, 'invalid_request', 'response_format'],
  ['a schema without a name', CHAT, { ...good, response_format: { type: 'json_schema', json_schema: { schema: {} } } }, 400, 'invalid_request', 'response_format'],
  ['an image that no screen can read', CHAT, user([{ type: 'image_url', image_url: { url: 'data:,' } }]), 422, 'unsupported_feature', 'messages.0.content.0'],
  ['an audio answer', CHAT, { ...good, modalities: ['audio'] }, 422, 'unsupported_feature', 'modalities'],
  ['an unknown policy', CHAT, { ...good, policy: 'nope' }, 404, 'policy_not_found', null],
  ['a malformed policy reference', CHAT, { ...good, policy: 'a b' }, 404, 'policy_not_found', 'policy'],
  ['an unknown moderation model', CHAT, { ...good, moderation: { model: 'nope' } }, 404, 'model_not_found', 'moderation.model'],
  ['an unknown moderation mode', CHAT, { ...good, moderation: { model: 'omni-moderation-latest', policy: { input: { mode: 'maybe' } } } }, 400, 'invalid_request', 'moderation.policy.input.mode'],
  ['a list as body', CHAT, [1], 400, 'invalid_request', null],
  ['a moderation without input', '/v1/moderations', {}, 400, 'invalid_request', 'input'],
  ['a moderation of mixed input', '/v1/moderations', { input: ['a', 1] }, 400, 'invalid_request', 'input'],
  ['a moderation of nothing', '/v1/moderations', { input: [] }, 400, 'invalid_request', 'input'],
  ['a moderation by an unknown model', '/v1/moderations', { input: 'x', model: 'nope' }, 404, 'model_not_found', 'model'],
  ['a screen of nothing', '/v1/screens', {}, 400, 'invalid_request', 'messages'],
  ['a response screen without an answer', '/v1/screens', { messages: [{ role: 'user', content: 'x' }], direction: 'response' }, 400, 'invalid_request', 'messages'],
  ['a policy version without a document', '/v1/policies/p/versions', {}, 400, 'invalid_request', 'document'],
  ['a policy document without a name', '/v1/policies/p/versions', { document: { taxonomy: 'llama-guard-3' } }, 422, 'unprocessable', 'name'],
  ['an activation of an unknown version', '/v1/policies/default/activate', { version: 99 }, 404, 'policy_not_found', null],
];

describe('bad input', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); });
  afterAll(() => gateway.close());

  it.each(CASES)('names %s', async (_what, route, body, status, code, param) => {
    const response = await request(gateway.url).post(route).send(body as object);
    expect({ status: response.status, ...response.body.error }).toMatchObject({ status, code, param });
    expect(response.body.error.message.length).toBeGreaterThan(10);
  });

  it.each([
    ['model', { ...good, model: 5 }, /must be a string/],
    ['messages', { ...good, messages: 'hi' }, /must be an array/],
    ['messages', { model: 'm' }, /must be an array/],
    ['n', { ...good, n: 'two' }, /must be an integer/],
  ])('says of a wrong kind of %s what kind is right', async (param, body, message) => {
    const response = await request(gateway.url).post(CHAT).send(body);
    expect(response.body.error).toMatchObject({ param, message: expect.stringMatching(message) });
  });

  it('names broken JSON, wrong media types, unknown routes and wrong methods', async () => {
    const post = (type: string, body: string) => request(gateway.url).post(CHAT).set('content-type', type).send(body);
    expect((await post('application/json', '{"model": ')).body.error).toMatchObject({ code: 'invalid_json' });
    expect((await post('application/json', '')).body.error.code).toBe('invalid_json');
    expect((await post('application/json', '{"__proto__": {}}')).body.error.code).toBe('invalid_json');
    expect((await post('text/plain', 'hi')).status).toBe(415);
    expect((await request(gateway.url).get('/v1/nothing')).body.error).toMatchObject({ code: 'not_found' });
    const wrong = await request(gateway.url).get(CHAT);
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'POST']);
  });

  it('refuses a 10 MB prompt without reading it into a guard', async () => {
    gateway.guard.requests.length = 0;
    const response = await request(gateway.url).post(CHAT).send(user('x'.repeat(10 * 1024 * 1024))).catch((error: { code?: string }) => error);
    if ('status' in response) expect([response.status, response.body.error.code]).toEqual([413, 'request_too_large']);
    expect(gateway.guard.requests).toHaveLength(0);
  });

  it('repeats nothing of what was sent', async () => {
    const response = await request(gateway.url).post(CHAT).send({ ...user({ sekret: 'sekret-value' }), 'sekret-field!': 1 });
    expect(response.status).toBe(400);
    expect(response.text).not.toContain('sekret');
  });

  it('still answers after all that', async () => {
    expect((await request(gateway.url).post(CHAT).send(good)).status).toBe(200);
  });
});

describe('API keys', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway({ apiKeys: ['right'] }); });
  afterAll(() => gateway.close());

  it('are asked for on the API and nowhere else', async () => {
    const post = (headers: Record<string, string>) => request(gateway.url).post(CHAT).set(headers).send(good);
    expect((await post({})).body.error).toMatchObject({ code: 'missing_api_key', type: 'authentication_error' });
    expect((await post({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post({ authorization: 'Bearer right' })).status).toBe(200);
    expect((await request(gateway.url).get('/health/live')).status).toBe(200);
  });
});
