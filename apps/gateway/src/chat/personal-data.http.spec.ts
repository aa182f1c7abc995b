import type { GenerateEvent, PolicyDocument } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { say } from '../fixtures/fake-services.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const CARD = '4111 1111 1111 1111';
const ASKED = 'I am ana@example.org, who are you?';
const ANSWER = `Pay with ${CARD} now. Thank you.`;

/** The generator's events for these pieces of a text, one token each. */
const spell = (pieces: string[]): GenerateEvent[] => [...pieces.map((text): GenerateEvent => ({ type: 'delta', index: 0, channel: 'content', text, logprobs: [{ token: text, logprob: -1, bytes: [...Buffer.from(text)], top: [] }] })), ...say('').slice(-2)];

/** What a reader of the stream sees; ids hold digits of their own. */
const readable = (body: string) => body.split('\n\n').filter((frame) => frame.startsWith('data: {')).flatMap((frame) => JSON.parse(frame.slice(6)).choices).map((choice) => JSON.stringify([choice.delta, choice.logprobs])).join('');

describe('personal data in a chat', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openTestGateway();
    await policy('redacting', { email: { enabled: true, action: 'redact' }, 'payment-card': { enabled: true, action: 'redact' } });
    await policy('blocking', { 'payment-card': { enabled: true, action: 'block' } });
    await policy('shadowed', { email: { enabled: true, action: 'redact' } });
    await policy('shadowed', { email: { enabled: true, action: 'block' } });
    await post('/v1/policies/shadowed/shadow', { version: 2 });
  });
  afterAll(() => gateway.close());
  const post = (path: string, body: object) => request(gateway.url).post(path).send(body);
  const policy = (id: string, pii: PolicyDocument['pii']) => post(`/v1/policies/${id}/versions`, { document: { ...DEFAULT_POLICY, ...(pii ? { pii } : {}) } }).expect(201);
  const chat = (rest: object) => post('/v1/chat/completions', { model: 'fake-llama', policy: 'redacting', messages: [{ role: 'user', content: ASKED }], ...rest });

  it('is out of the prompt before a generator sees it, and the report says so', async () => {
    gateway.generator.script = say('Hello.');
    const { body } = await chat({ messages: [{ role: 'user', content: ASKED }, { role: 'assistant', content: 'Hm?' }, { role: 'user', content: 'Well?' }] });
    expect(gateway.generator.requests.at(-1)!.messages.map(({ content }) => content)).toEqual(['I am [EMAIL], who are you?', 'Hm?', 'Well?']);
    expect(body).toMatchObject({ choices: [{ finish_reason: 'stop', message: { content: 'Hello.' } }], sallyport: { decision: 'allow', withheld: false } });
    const { body: latest } = await chat({});
    expect(latest.sallyport).toMatchObject({ decision: 'allow', reasons: [{ subject: 'messages.0', screen: 'pii', rule: 'pii.email', action: 'redact', redacted: true }] });
    expect(latest.moderation.input.results[0]).toMatchObject({ flagged: false });
  });

  it('is out of the answer, and so are the tokens that spelled it', async () => {
    gateway.generator.script = say(ANSWER);
    const { body } = await chat({ logprobs: true });
    expect(body.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Pay with [CARD] now. Thank you.' }, logprobs: { content: [] } });
    expect(JSON.stringify(body.choices)).not.toMatch(/4|1/);
  });

  it('never leaves in a stream, wherever its pieces are cut', async () => {
    for (const pieces of [[ANSWER], [...ANSWER], ANSWER.split(/(?= )/)]) {
      gateway.generator.script = spell(pieces);
      const { text } = await chat({ stream: true, logprobs: true });
      expect(text).toContain('Pay with [CARD] now. Thank you.');
      expect(readable(text)).not.toMatch(/4|1/);
      expect(text).toContain('[DONE]');
    }
  });

  it('ends a stream before its first digit where the policy blocks it', async () => {
    gateway.generator.script = spell([...ANSWER]);
    const { text } = await chat({ stream: true, policy: 'blocking' });
    expect(text).toContain('content_filter');
    expect(readable(text)).not.toMatch(/Pay|4|1/);
  });

  it('blocks where nobody takes it out', async () => {
    const { body } = await post('/v1/moderations', { input: ASKED, policy: 'redacting' });
    expect(body.results[0]).toMatchObject({ flagged: true, categories: { pii: true }, sallyport: { decision: 'block' } });
  });

  it('only reports where the caller asked for scores', async () => {
    gateway.generator.script = say(ANSWER);
    const { body } = await chat({ moderation: { model: 'omni-moderation-latest', policy: { input: { mode: 'score' }, output: { mode: 'score' } } } });
    expect(body.choices[0].message.content).toBe(ANSWER);
    expect(body.sallyport).toMatchObject({ decision: 'block', withheld: false });
  });

  it('counts for the shadow too', async () => {
    gateway.generator.script = say('Hello.');
    await chat({ policy: 'shadowed' });
    const { body } = await request(gateway.url).get('/v1/policies/shadowed/shadow');
    expect(body).toMatchObject({ differing: 1, would_block: 1, by_category: { 'pii.email': { active: 1, shadow: 1 } } });
  });
});
