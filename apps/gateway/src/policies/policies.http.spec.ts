import type { PolicyDocument } from '@sallyport/contracts';
import { DEFAULT_POLICY, formatYaml, parseYaml } from '@sallyport/policy';
import { Ajv2020 } from 'ajv/dist/2020.js';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const POLICIES = '/v1/policies';
const documentWith = (change: Partial<PolicyDocument>): PolicyDocument => ({ ...DEFAULT_POLICY, ...change });
const strict = documentWith({ name: 'Strict', categories: { ...DEFAULT_POLICY.categories, S1: { enabled: true, threshold: 0.005, action: 'block' } } });

describe('policies', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); });
  afterAll(() => gateway.close());
  const get = (path: string, headers: Record<string, string> = {}) => request(gateway.url).get(`${POLICIES}${path}`).set(headers);
  const post = (path: string, body?: object, headers: Record<string, string> = {}) => request(gateway.url).post(`${POLICIES}${path}`).set(headers).send(body);
  const yaml = (path: string, body: string) => request(gateway.url).post(`${POLICIES}${path}`).set('content-type', 'application/yaml').send(body);

  describe('as documents', () => {
    it('have a published schema that takes what is served', async () => {
      const { body, status, headers } = await get('/schema');
      expect([status, headers['content-type']]).toEqual([200, 'application/schema+json; charset=utf-8']);
      const validate = new Ajv2020({ strictTypes: false }).compile(body);
      expect(validate((await get('/default')).body.document), JSON.stringify(validate.errors)).toBe(true);
    });

    it('go in and out as YAML or JSON, whichever is asked for', async () => {
      const made = await yaml('/yaml/versions', formatYaml({ document: strict, note: 'from a file' }));
      expect([made.status, made.body]).toEqual([201, { id: 'yaml', version: 1 }]);
      const out = await get('/yaml', { accept: 'application/yaml' });
      expect(out.headers['content-type']).toBe('application/yaml; charset=utf-8');
      expect(parseYaml(out.text)).toEqual({ id: 'yaml', active: 1, document: strict });
      expect((await get('/yaml', { accept: 'application/json, application/yaml;q=0.5' })).body.document).toEqual(strict);
      expect((await get('/yaml', { accept: '*/*' })).body.document).toEqual(strict);
    });

    it('are exported alone and imported once, however often the file is sent', async () => {
      const file = (await get('/yaml/export', { accept: 'application/yaml' })).text;
      expect((await yaml('/copy/import', file)).body).toEqual({ id: 'copy', version: 1, created: true, activated: true });
      expect((await yaml('/copy/import', file)).body).toEqual({ id: 'copy', version: 1, created: false, activated: false });
      const changed = file.replace('0.005', '0.5');
      expect((await yaml('/copy/import', changed)).body).toEqual({ id: 'copy', version: 2, created: true, activated: false });
      expect((await yaml('/copy/import?activate=true&note=later', changed)).body).toEqual({ id: 'copy', version: 2, created: false, activated: true });
      expect((await yaml('/copy/import?activate=true', changed)).body).toEqual({ id: 'copy', version: 2, created: false, activated: false });
      expect((await get('/copy')).body).toMatchObject({ active: 2, document: { name: 'Strict' } });
    });

    it.each<[string, string, string, number, string, string]>([
      ['a circular anchor', '/h/versions', 'document: &a {name: *a}', 400, 'invalid_yaml', 'document'],
      ['a duplicate code', '/h/versions', 'document: {name: x, categories: {S1: {threshold: 1}, S1: {threshold: 1}}}', 400, 'invalid_yaml', 'document'],
      ['a list as YAML', '/h/import', '- a', 400, 'invalid_request', ''],
      ['no UTF-8', '/h/import', Buffer.from([0xff, 0xfe, 0x00]).toString('latin1'), 400, 'invalid_yaml', 'document'],
      ['a threshold of 2 in a file', '/h/import', formatYaml(documentWith({ categories: { S1: { enabled: true, threshold: 2, action: 'block' } } })), 422, 'unprocessable', 'categories.S1.threshold'],
      ['a regex bomb', '/h/import', formatYaml(documentWith({ lists: { block: [{ regex: '((a{999}){999}){999}' }] } })), 422, 'unprocessable', 'lists.block.0.regex'],
      ['an unknown taxonomy', '/h/import', formatYaml(documentWith({ taxonomy: 'x' })), 422, 'unprocessable', 'taxonomy'],
      ['an import of a file', '/h/import', `${formatYaml(DEFAULT_POLICY)}import: other.yaml\n`, 422, 'unprocessable', 'import'],
      ['an id that is a word of ours', '/schema/import', formatYaml(DEFAULT_POLICY), 400, 'invalid_request', 'id'],
    ])('are refused with %s', async (_what, path, body, status, code, param) => {
      const sent = body.startsWith('ÿ') ? await request(gateway.url).post(`${POLICIES}${path}`).set('content-type', 'application/yaml').send(Buffer.from(body, 'latin1') as never) : await yaml(path, body);
      expect({ status: sent.status, ...sent.body.error }).toMatchObject({ status, code, param: param === '' ? null : param });
    });

    it('as JSON with a code twice are refused as well', async () => {
      const text = JSON.stringify({ document: strict }).replace('"categories":{', '"categories":{"S1":{"threshold":1},');
      const sent = await request(gateway.url).post(`${POLICIES}/h/versions`).set('content-type', 'application/json').send(text);
      expect({ status: sent.status, ...sent.body.error }).toMatchObject({ status: 400, code: 'invalid_json', param: 'document' });
    });

    it.each([['application/yaml', 'versions'], ['application/json', 'versions'], ['application/json', 'import']])('of 10 MB as %s are refused before they are read', async (type, route) => {
      const body = type.endsWith('yaml') ? `name: ${'x'.repeat(10 * 1024 * 1024)}` : JSON.stringify({ document: { name: 'x'.repeat(10 * 1024 * 1024) } });
      const sent = await request(gateway.url).post(`${POLICIES}/h/${route}`).set('content-type', type).send(body).catch((error: { code?: string }) => error);
      if ('status' in sent) expect({ status: sent.status, ...sent.body.error }).toMatchObject({ status: 413, code: 'request_too_large', param: 'document' });
      else expect(sent.code).toMatch(/EPIPE|ECONNRESET/);
      expect((await get('/h')).status).toBe(404);
    });
  });

  describe('as versions', () => {
    it('are numbered, with author, note, parent and state, in pages', async () => {
      for (const note of ['one', 'two', 'three']) await post('/life/versions', { document: strict, note, author: 'Ada' });
      await post('/life/activate', { version: 2 });
      await post('/life/shadow', { version: 3 });
      const { body } = await get('/life/versions?limit=2');
      expect(body.data.map((row: Record<string, unknown>) => [row['version'], row['state'], row['author'], row['note'], row['parent']])).toEqual([[3, 'shadow', 'Ada', 'three', 1], [2, 'active', 'Ada', 'two', 1]]);
      expect((await get(`/life/versions?limit=2&before=${body.next}`)).body.data).toMatchObject([{ version: 1, state: 'retired' }]);
      expect((await get('/life/versions?state=shadow')).body.data).toHaveLength(1);
      expect((await get('/life/versions/3')).body).toMatchObject({ id: 'life', version: 3, document: strict });
      expect((await get('?prefix=li')).body).toEqual({ data: [{ id: 'life', active: 2, shadow: 3, versions: [1, 2, 3] }] });
      const first = (await get('?limit=1')).body;
      expect(first.data).toHaveLength(1);
      expect((await get(`?limit=1&after=${first.next}`)).body.data[0].id).not.toBe(first.data[0].id);
    });

    it('are activated and rolled back with ETags, and a stale one is refused', async () => {
      await post('/tags/versions', { document: DEFAULT_POLICY });
      const { headers } = await get('/tags');
      expect(headers['etag']).toBe('"tags@1"');
      expect((await post('/tags/versions', { document: strict }, { 'if-match': '"tags@1"' })).status).toBe(201);
      const activated = await post('/tags/activate', { version: 2, note: 'go' }, { 'if-match': '"tags@1"' });
      expect([activated.status, activated.headers['etag'], activated.body]).toEqual([200, '"tags@2"', { id: 'tags', active: 2 }]);
      for (const [path, body] of [['activate', { version: 1 }], ['rollback', {}], ['shadow', { version: 1 }], ['versions', { document: strict }]] as const) {
        const stale = await post(`/tags/${path}`, body, { 'if-match': '"tags@1"' });
        expect([stale.status, stale.body.error.code]).toEqual([409, 'version_conflict']);
      }
      expect((await post('/tags/activate', { version: 1 }, { 'if-match': '"other@2"' })).status).toBe(409);
      expect((await request(gateway.url).post(`${POLICIES}/tags/rollback`)).body).toEqual({ id: 'tags', active: 1 });
      expect((await post('/tags/rollback', { note: 'x' })).status).toBe(409);
    });

    it('differ field by field', async () => {
      expect((await get('/tags/diff?from=1&to=2')).body).toEqual({ from: 1, to: 2, changes: [{ path: 'categories.S1.threshold', from: DEFAULT_POLICY.categories['S1']!.threshold, to: 0.005 }, { path: 'name', from: 'Default', to: 'Strict' }] });
    });

    it('have a trail of who did what and why', async () => {
      const { body } = await get('/tags/history?limit=3', { authorization: 'Bearer anything' });
      expect(body.data.map((entry: Record<string, unknown>) => [entry['change'], entry['version'], entry['previous'], entry['actor'], entry['note']])).toEqual([['rolled_back', 1, 2, 'anonymous', null], ['activated', 2, 1, 'anonymous', 'go'], ['created', 2, null, 'anonymous', null]]);
      expect((await get(`/tags/history?before=${body.next}`)).body.data).toHaveLength(2);
    });

    it.each<[string, string, string, object | undefined, number, string, string | null]>([
      ['an unknown policy', 'get', '/none', undefined, 404, 'policy_not_found', null],
      ['its versions', 'get', '/none/versions', undefined, 404, 'policy_not_found', null],
      ['its history', 'get', '/none/history', undefined, 404, 'policy_not_found', null],
      ['its export', 'get', '/none/export', undefined, 404, 'policy_not_found', null],
      ['its shadow', 'get', '/none/shadow', undefined, 404, 'policy_not_found', null],
      ['its rollback', 'post', '/none/rollback', {}, 404, 'policy_not_found', null],
      ['a policy without a shadow', 'get', '/default/shadow', undefined, 404, 'not_found', null],
      ['version 0', 'get', '/default/versions/0', undefined, 404, 'policy_not_found', 'version'],
      ['an unknown version', 'get', '/default/versions/99', undefined, 404, 'policy_not_found', null],
      ['a diff without a side', 'get', '/default/diff?from=1', undefined, 400, 'invalid_request', 'to'],
      ['a page of 0', 'get', '/default/history?limit=0', undefined, 400, 'invalid_request', 'limit'],
      ['an unknown state', 'get', '/default/versions?state=asleep', undefined, 400, 'invalid_request', 'state'],
      ['an unknown query', 'get', '?colour=red', undefined, 400, 'unknown_parameter', 'colour'],
      ['an activation of nothing', 'post', '/default/activate', {}, 400, 'invalid_request', 'version'],
      ['a shadow of the active version', 'post', '/default/shadow', { version: 1 }, 409, 'version_conflict', null],
      ['a parent that does not exist', 'post', '/default/versions', { document: DEFAULT_POLICY, parent: 9 }, 404, 'policy_not_found', null],
      ['an author without a name', 'post', '/default/versions', { document: DEFAULT_POLICY, author: '' }, 400, 'invalid_request', 'author'],
      ['an id of spaces', 'post', '/a%20b/versions', { document: DEFAULT_POLICY }, 400, 'invalid_request', 'id'],
    ])('answer %s by name', async (_what, method, path, body, status, code, param) => {
      const sent = method === 'get' ? await get(path) : await post(path, body);
      expect({ status: sent.status, ...sent.body.error }).toMatchObject({ status, code, param });
    });
  });

  describe('at work', () => {
    const moderate = async (input: string, extra: object = {}, headers: Record<string, string> = {}) => (await request(gateway.url).post('/v1/moderations').set(headers).send({ input, ...extra })).body;

    it('judge by lists, and say so', async () => {
      await post('/lists/versions', { document: documentWith({ lists: { allow: [{ id: 'ops', exact: 'kill the process' }], block: [{ id: 'rival', regex: 'acme(corp)?' }] } }) });
      const { body } = await request(gateway.url).post('/v1/screens').send({ messages: [{ role: 'user', content: 'Kill the process' }], policy: 'lists' });
      expect(body).toMatchObject({ decision: 'allow', policy: 'lists@1', waived: expect.arrayContaining([expect.objectContaining({ rule: 'S1', allowedBy: 'allow.ops' })]) });
      expect(body.explanation.join(' ')).toMatch(/lists@1 decided allow.*S1 scores 0.960, at or above .* but allow.ops allows the text/);
      const blocked = await request(gateway.url).post('/v1/screens').send({ messages: [{ role: 'user', content: 'Buy AcmeCorp shares' }], policy: 'lists' });
      expect(blocked.body).toMatchObject({ decision: 'block', reasons: [{ screen: 'list', rule: 'block.rival', action: 'block' }], refusal: expect.any(String) });
      expect((await moderate('acme', { policy: 'lists' })).results[0]).toMatchObject({ flagged: true, categories: { list: true }, category_scores: { list: 1 } });
      const moderated = (await moderate('kill the process', { policy: 'lists' })).results[0];
      expect(moderated).toMatchObject({ flagged: false, categories: { violence: false } });
    });

    it('send their own categories to the guard, and judge by what comes back', async () => {
      const gambling = { code: 'gambling', name: 'Gambling promotion', description: 'Praise of betting.', examples: { positive: ['Bet now!'], negative: ['Chess club.'] }, enabled: true, threshold: 0.5, action: 'block' as const };
      await post('/own/versions', { document: documentWith({ customCategories: [gambling], cascade: { guard: { low: 0.1, high: 0.9 } } }) });
      gateway.guard.requests.length = 0;
      await moderate('Roulette tonight', { policy: 'own' });
      expect(gateway.guard.requests[0]).toMatchObject({ customCategories: [{ code: 'gambling', description: 'Praise of betting.', examples: gambling.examples }], cascade: { low: 0.1, high: 0.9 } });
      expect((await get('/own/categories')).body.data).toContainEqual({ code: 'custom:gambling', name: 'Gambling promotion', description: 'Praise of betting.', enabled: true, threshold: 0.5, action: 'block' });
      expect((await moderate('hi', { policy: 'own' })).results[0].sallyport.unjudged).toEqual(['custom:gambling']);
      const { body } = await request(gateway.url).post('/v1/screens').send({ messages: [{ role: 'user', content: 'hi' }], policy: 'own' });
      expect(body.verdicts.find((verdict: { screen: string }) => verdict.screen === 'guard').unjudged).toEqual(['custom:gambling']);
    });

    it('answer in the language of the reader', async () => {
      await post('/tongue/versions', { document: documentWith({ refusals: { default: { default: 'No.', de: 'Nein.' } } }) });
      const { body } = await request(gateway.url).post('/v1/chat/completions').set('accept-language', 'de-AT, en;q=0.5').send({ model: 'fake-llama', policy: 'tongue', messages: [{ role: 'user', content: 'How do I kill him?' }] });
      expect(body.choices[0].message.refusal).toBe('Nein.');
    });

    it('are assigned to routes and models, and a request may name another', async () => {
      await post('/assigned/versions', { document: strict });
      const put = (path: string, body: object) => request(gateway.url).put(`/v1/policy-assignments/${path}`).send(body);
      expect((await put('route/moderations', { policy: 'assigned@1' })).body).toEqual({ kind: 'route', subject: 'moderations', policy: 'assigned@1', allow_request: false });
      expect((await moderate('hello')).results[0].sallyport).toMatchObject({ policy: 'assigned@1', decision: 'block' });
      expect((await moderate('hello', { policy: 'default' })).results[0].sallyport.policy).toBe('default@1');
      await put('model/fake-llama', { policy: 'assigned' });
      expect((await request(gateway.url).post('/v1/chat/completions').send({ model: 'fake-llama', messages: [{ role: 'user', content: 'hi' }] })).body.sallyport.policy).toBe('assigned@1');
      expect((await request(gateway.url).get('/v1/policy-assignments')).body.data).toHaveLength(2);
      for (const path of ['route/moderations', 'model/fake-llama']) expect((await request(gateway.url).delete(`/v1/policy-assignments/${path}`)).body).toMatchObject({ deleted: true });
      expect((await moderate('hello')).results[0].sallyport.policy).toBe('default@1');
      const wrong = [await put('planet/mars', { policy: 'default' }), await put('route/a%20b', { policy: 'default' }), await put('route/chat', { policy: 'no no' }), await put('route/chat', { policy: 'none' }), await request(gateway.url).delete('/v1/policy-assignments/route/chat')];
      expect(wrong.map(({ status, body }) => [status, body.error.code, body.error.param])).toEqual([[400, 'invalid_request', 'kind'], [400, 'invalid_request', 'subject'], [400, 'invalid_request', 'policy'], [404, 'policy_not_found', 'policy'], [404, 'not_found', null]]);
    });
  });

  it('are documented with examples', async () => {
    const { body } = await request(gateway.url).get('/docs-json');
    const routes = Object.keys(body.paths).filter((path) => path.startsWith('/v1/policies/{id}/')).map((path) => path.slice('/v1/policies/{id}/'.length)).sort();
    expect(routes).toEqual(['activate', 'categories', 'diff', 'dry-run', 'export', 'history', 'import', 'rollback', 'shadow', 'versions', 'versions/{version}']);
    expect(body.paths['/v1/policies/{id}/dry-run'].post.responses['200'].content['application/json'].schema.example).toMatchObject({ changed: 41 });
  });
});

describe('policies of keys', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway({ apiKeys: ['owner', 'guest'] }); });
  afterAll(() => gateway.close());
  const as = (key: string) => ({ authorization: `Bearer ${key}` });

  it('bind a key, keep it from naming or changing policies, and write down who did it', async () => {
    const post = (key: string, path: string, body: object) => request(gateway.url).post(path).set(as(key)).send(body);
    await post('owner', '/v1/policies/guests/versions', { document: strict });
    const { actor } = (await request(gateway.url).get('/v1/policies/guests/history').set(as('owner'))).body.data[0];
    expect(actor).toMatch(/^key_[0-9a-f]{12}$/);
    await post('guest', '/v1/policies/mine/versions', { document: strict });
    const guest = (await request(gateway.url).get('/v1/policies/mine/history').set(as('owner'))).body.data[0].actor;
    const bind = (allow_request: boolean) => request(gateway.url).put(`/v1/policy-assignments/key/${guest}`).set(as('owner')).send({ policy: 'guests', allow_request });
    await bind(false);
    const moderated = (key: string, body: object) => post(key, '/v1/moderations', { input: 'hello', ...body });
    expect((await moderated('guest', {})).body.results[0].sallyport.policy).toBe('guests@1');
    expect((await moderated('owner', {})).body.results[0].sallyport.policy).toBe('default@1');
    expect((await moderated('guest', { policy: 'default' })).body.error).toMatchObject({ code: 'forbidden', type: 'permission_error', param: 'policy' });
    expect((await moderated('guest', { policy: 'guests' })).status).toBe(200);
    const tries = ['activate', 'rollback', 'shadow', 'import', 'versions'].map((action) => post('guest', `/v1/policies/guests/${action}`, { version: 1, ...(action === 'versions' ? { version: undefined, document: strict } : {}), ...(action === 'rollback' ? { version: undefined } : {}) }));
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect((await request(gateway.url).delete(`/v1/policy-assignments/key/${guest}`).set(as('guest'))).status).toBe(403);
    await bind(true);
    expect((await moderated('guest', { policy: 'default' })).body.results[0].sallyport.policy).toBe('default@1');
  });
});
