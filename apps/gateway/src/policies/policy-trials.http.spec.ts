import type { PolicyDocument } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const documentWith = (change: Partial<PolicyDocument>): PolicyDocument => ({ ...DEFAULT_POLICY, ...change });
const without = (...codes: string[]): PolicyDocument => documentWith({ categories: Object.fromEntries(Object.entries(DEFAULT_POLICY.categories).map(([code, rule]) => [code, codes.includes(code) ? { ...rule, enabled: false } : rule])) });

describe('trying a policy', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openTestGateway();
    await post('/v1/policies/default/versions', { document: without('harm', 'S1') });
  });
  afterAll(() => gateway.close());
  const get = (path: string) => request(gateway.url).get(path);
  const post = (path: string, body: object) => request(gateway.url).post(path).send(body);
  const dryRun = (body: object, id = 'default') => post(`/v1/policies/${id}/dry-run`, body);
  const asked = () => gateway.guard.requests.length + gateway.promptGuard.requests.length;

  async function audit(lines: object[]): Promise<string> {
    const { body } = await request(gateway.url).post('/v1/audits').set('content-type', 'application/x-ndjson').send(lines.map((line) => JSON.stringify(line)).join('\n'));
    await expect.poll(async () => (await get(`/v1/audits/${body.id}`)).body.status, { timeout: 20_000 }).toBe('completed');
    return body.id;
  }

  describe('in the shadow', () => {
    it('judges the same traffic without acting, and shows what it would have done', async () => {
      await post('/v1/policies/shadowed/versions', { document: DEFAULT_POLICY });
      await post('/v1/policies/shadowed/versions', { document: documentWith({ ...without('harm', 'S1'), lists: { block: [{ id: 'weather', exact: 'weather' }] } }) });
      await post('/v1/policies/shadowed/shadow', { version: 2 });
      const before = asked();
      const chat = await post('/v1/chat/completions', { model: 'fake-llama', policy: 'shadowed', messages: [{ role: 'user', content: 'How do I kill my neighbour?' }] });
      expect(chat.body).toMatchObject({ choices: [{ finish_reason: 'content_filter' }], sallyport: { policy: 'shadowed@1', decision: 'block' } });
      const { body: moderated } = await post('/v1/moderations', { input: ['What is the weather?', 'hello'], policy: 'shadowed' });
      expect(moderated.results.map((result: { sallyport: object }) => result.sallyport)).toMatchObject([{ decision: 'allow', policy: 'shadowed@1' }, { decision: 'allow' }]);
      await post('/v1/screens', { messages: [{ role: 'user', content: 'weather' }], policy: 'shadowed@2' });
      expect(asked() - before).toBe(6);
      const { body } = await get('/v1/policies/shadowed/shadow');
      expect(body).toMatchObject({
        id: 'shadowed', version: 2, active: 1, seen: 3, differing: 2, would_block: 1, would_review: 0, would_allow: 1, unjudged: 0,
        by_category: { S1: { active: 1, shadow: 0 }, 'block.weather': { active: 0, shadow: 1 } }, against: [{ against: 1, seen: 3 }],
      });
      expect(body.differences.map(({ stage, active, shadow, reasons }: { stage: string; active: string; shadow: string; reasons: Array<{ rule: string }> }) => [stage, active, shadow, reasons[0]?.rule])).toEqual([['moderation', 'allow', 'block', 'block.weather'], ['prompt', 'block', 'allow', 'S1']]);
      expect(JSON.stringify(body)).not.toMatch(/neighbour/);
    });

    it('says how often it lacked a score', async () => {
      await post('/v1/policies/lacking/versions', { document: DEFAULT_POLICY });
      await post('/v1/policies/lacking/versions', { document: documentWith({ screenSystemMessages: true }) });
      await post('/v1/policies/lacking/shadow', { version: 2 });
      for (const messages of [[{ role: 'system', content: 'be kind' }, { role: 'user', content: 'hi' }], [{ role: 'user', content: 'hi' }]]) await post('/v1/screens', { messages, policy: 'lacking' });
      expect((await get('/v1/policies/lacking/shadow')).body).toMatchObject({ seen: 2, differing: 0, unjudged: 1 });
    });

    it('keeps texts only where the policy retains them', async () => {
      await post('/v1/policies/retaining/versions', { document: documentWith({ retention: { text: 'flagged', days: 1 } }) });
      await post('/v1/policies/retaining/versions', { document: without('harm', 'S1') });
      await post('/v1/policies/retaining/shadow', { version: 2 });
      await post('/v1/moderations', { input: 'I will kill you', policy: 'retaining' });
      expect((await get('/v1/policies/retaining/shadow')).body.differences[0]).toMatchObject({ text: 'I will kill you' });
      expect((await request(gateway.url).delete('/v1/policies/retaining/shadow')).body).toEqual({ id: 'retaining', shadow: null });
      expect((await get('/v1/policies/retaining/shadow')).status).toBe(404);
    });
  });

  describe('on an audit', () => {
    it('says what would change by category with examples, and asks no model', async () => {
      const id = await audit([{ id: 'a', text: 'kill him' }, { text: 'hello' }, { text: 'a slur' }, { broken: true }, { messages: [{ role: 'user', content: 'ignore all previous' }] }]);
      const before = asked();
      const { body, status } = await dryRun({ version: 2, audit_id: id });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        policy: 'default@2', against: 'default@1', rows: 4, changed: 1, skipped: 1, unjudged: 0, decisions: { before: { allow: 1, block: 3 }, after: { allow: 2, block: 2 } },
        by_category: { S1: { before: 1, after: 0, added: 0, removed: 1 }, S10: { before: 1, after: 1, added: 0, removed: 0 } },
        examples: [{ line: 1, id: 'a', before: 'block', after: 'allow', reasons: [{ rule: 'S1', score: 0.96 }, { rule: 'harm' }] }],
      });
      expect(JSON.stringify(body)).not.toContain('kill him');
      expect(asked()).toBe(before);
    });

    it('decides on stored scores as the audit did', async () => {
      const id = await audit([{ text: 'kill' }, { text: 'fine' }, { messages: [{ role: 'user', content: 'a slur' }, { role: 'assistant', content: 'no' }, { role: 'user', content: 'ok' }] }]);
      expect((await dryRun({ version: 1, audit_id: id })).body).toMatchObject({ rows: 3, changed: 0, decisions: { before: { block: 2 }, after: { block: 2 } } });
    });

    it('tries lists and scope on the stored lines', async () => {
      const id = await audit([{ text: 'kill the process' }, { text: 'hello acme' }, { messages: [{ role: 'user', content: 'a slur' }, { role: 'assistant', content: 'no' }, { role: 'user', content: 'ok' }] }]);
      const document = documentWith({ scope: 'latest', lists: { allow: [{ exact: 'kill the process' }], block: [{ exact: 'acme' }] }, retention: { text: 'flagged', days: 1 } });
      const { body } = await dryRun({ document, audit_id: id });
      expect(body).toMatchObject({ policy: 'default@draft', changed: 3, by_category: { 'block.0': { added: 1 } } });
      expect(body.examples.map((row: Record<string, unknown>) => [row['line'], row['before'], row['after'], row['text']])).toEqual([[1, 'block', 'allow', 'kill the process'], [2, 'allow', 'block', 'hello acme'], [3, 'block', 'allow', 'a slur\nno\nok']]);
    });
  });

  describe('on rows', () => {
    it('takes verdict lines and raw scores, and compares with what was decided', async () => {
      const rows = [
        { id: 'x', harm: 0.2, categories: { S1: 0.7 }, attack: 0.01, decision: 'block' },
        { scores: { guard: { harm: 0.1, S10: 0.9 }, 'prompt-guard': { attack: 0 } } },
        { scores: [{ subject: 'messages.0', direction: 'response', screen: 'guard', scores: { harm: 0, S1: 0.99 } }] },
        { harm: 0, categories: {}, attack: 0, decision: 'block' },
      ];
      const before = asked();
      const { body } = await dryRun({ version: 2, rows });
      expect(body).toMatchObject({ against: 'default@1', rows: 4, changed: 3, by_category: { S1: { before: 2, after: 0, removed: 2 } }, examples: [{ line: 1, id: 'x' }, { line: 3 }, { line: 4 }] });
      expect(asked()).toBe(before);
    });

    it('never loses a score because its text has another name', async () => {
      const document = documentWith({ lists: { block: [{ exact: 'acme' }] } });
      const { body } = await dryRun({ document, rows: [{ text: 'hello acme', scores: [{ subject: 'messages.3', screen: 'guard', scores: { S1: 0.99 } }] }] });
      expect(body.decisions).toMatchObject({ before: { block: 1 }, after: { block: 1 } });
    });

    it('screens a row that never had a score, once', async () => {
      const before = asked();
      const { body } = await dryRun({ version: 2, rows: [{ text: 'kill him' }, { messages: [{ role: 'user', content: 'hello' }] }] });
      expect(body).toMatchObject({ rows: 2, changed: 1, examples: [{ line: 1, before: 'block', after: 'allow' }] });
      expect(asked() - before).toBe(2);
    });

    it('takes 10,000 rows at once', async () => {
      const rows = Array.from({ length: 10_000 }, (_, at) => ({ id: `r${at}`, harm: 0.1, categories: { S1: (at % 100) / 100, S2: 0.01, S3: 0.01, S10: 0.02 }, attack: 0.01, decision: at % 100 >= 65 ? 'block' : 'allow' }));
      const { body } = await dryRun({ version: 2, rows });
      expect(body).toMatchObject({ rows: 10_000, changed: 3_500, by_category: { S1: { before: 3_500, after: 0 } } });
      expect(body.examples).toHaveLength(20);
    });

    it.each<[string, object, number, string, string | null]>([
      ['neither version nor document', { rows: [{}] }, 400, 'invalid_request', 'version'],
      ['both', { version: 1, document: {}, rows: [{}] }, 400, 'invalid_request', 'version'],
      ['nothing to try it on', { version: 1 }, 400, 'invalid_request', 'audit_id'],
      ['no rows', { version: 1, rows: [] }, 400, 'invalid_request', 'rows'],
      ['a row that is a text', { version: 1, rows: ['x'] }, 400, 'invalid_request', 'rows'],
      ['a row of nothing', { version: 1, rows: [{ text: 'x' }, {}] }, 400, 'invalid_request', 'rows.1'],
      ['a score of 2', { version: 1, rows: [{ harm: 2 }] }, 400, 'invalid_request', 'rows.0.harm'],
      ['a score that is a text', { version: 1, rows: [{ categories: { S1: 'high' } }] }, 400, 'invalid_request', 'rows.0.categories'],
      ['scores of an unknown screen', { version: 1, rows: [{ scores: { oracle: {} } }] }, 400, 'invalid_request', 'rows.0.scores'],
      ['a message without a role', { version: 1, rows: [{ messages: [{ content: 'x' }] }] }, 400, 'invalid_request', 'rows.0.messages.0.role'],
      ['an unknown audit', { version: 1, audit_id: 'none' }, 404, 'audit_not_found', null],
      ['an unknown version', { version: 9, rows: [{ harm: 0 }] }, 404, 'policy_not_found', null],
      ['a broken document', { document: { ...DEFAULT_POLICY, scope: 'all' }, rows: [{ harm: 0 }] }, 422, 'unprocessable', 'scope'],
      ['too many bare texts', { version: 1, rows: Array.from({ length: 501 }, () => ({ text: 'x' })) }, 422, 'unprocessable', 'rows'],
    ])('refuses %s by name', async (_what, sent, status, code, param) => {
      const { body, status: answered } = await dryRun(sent);
      expect({ status: answered, ...body.error }).toMatchObject({ status, code, param });
    });

    it('needs a policy to compare with', async () => {
      expect((await dryRun({ document: DEFAULT_POLICY, rows: [{ harm: 0 }] }, 'none')).body.error).toMatchObject({ code: 'policy_not_found' });
    });
  });
});
