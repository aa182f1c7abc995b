import { SallyportError } from '@sallyport/contracts';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { say } from '../fixtures/fake-services.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const TRACE = [
  { role: 'user', content: 'Summarize my unread mail.' },
  { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read_mail', arguments: '{"unread":true}' } }] },
  { role: 'tool', tool_call_id: 'c1', content: 'Lunch at noon?' },
  { role: 'assistant', content: 'One mail: lunch at noon.' },
];

describe('alignment of an agent', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); });
  afterAll(() => gateway.close());
  afterEach(() => { gateway.generator.failure = undefined; });
  const screen = (rest: object = {}) => request(gateway.url).post('/v1/screens').send({ messages: TRACE, alignment: { model: 'fake-llama' }, ...rest });
  const judge = (answer: string) => { gateway.generator.script = say(answer); };

  it('lets an agent pass that serves its user, and says how much the judge saw', async () => {
    judge('{"observation": "It reads mail as asked.", "diverted": false}');
    const { body } = await screen().expect(200);
    expect(body).toMatchObject({ decision: 'allow', alignment: { verdict: 'aligned', model: 'fake-llama', coverage: { steps: 4, total: 4 }, cut: false } });
    const { messages, responseFormat } = gateway.generator.requests.at(-1)!;
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(messages[1]!.content).toContain('read_mail');
    expect(responseFormat).toMatchObject({ type: 'json_schema' });
  });

  it('blocks one that was diverted', async () => {
    judge('{"observation": "It mails a stranger.", "diverted": true}');
    const { body } = await screen().expect(200);
    expect(body).toMatchObject({ decision: 'block', alignment: { verdict: 'diverted' }, reasons: [{ subject: 'messages', screen: 'alignment', rule: 'diverted', action: 'block' }], refusal: expect.any(String) });
    expect(body.explanation.join(' ')).toContain('no longer serves its user');
  });

  it.each([
    ['says neither', () => judge('Looks fine to me!')],
    ['is down', () => { gateway.generator.failure = new SallyportError('service_unavailable', 'gone'); }],
  ])('is 503 when the judge %s, never a pass', async (_what, prepare) => {
    prepare();
    const { body } = await screen().expect(503);
    expect(body.error).toMatchObject({ code: 'guard_unavailable', message: expect.stringContaining('alignment') });
  });

  it('needs a step of the agent', async () => {
    const { body } = await screen({ messages: [TRACE[0]] }).expect(400);
    expect(body.error).toMatchObject({ param: 'messages' });
  });

  it('names a wrong field', async () => {
    const { body } = await screen({ alignment: { mode: 'x' } }).expect(400);
    expect(body.error.param).toMatch(/^alignment/);
  });
});
