import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const [ANNA, BEN] = ['key-of-anna', 'key-of-ben'];

describe('audits and API keys', () => {
  let gateway: TestGateway;
  let id: string;
  // A loaded machine takes long to start a gateway.
  beforeAll(async () => {
    gateway = await openTestGateway({ apiKeys: [ANNA, BEN] });
    const { body } = await as(ANNA).post('/v1/audits').set('content-type', 'application/x-ndjson').send('{"text": "hello"}\n');
    id = body.id;
    await vi.waitUntil(async () => (await as(ANNA).get(`/v1/audits/${id}`)).body.status === 'completed', { timeout: 60_000 });
  }, 300_000);
  afterAll(() => gateway?.close());

  const as = (key: string) => request.agent(gateway.url).auth(key, { type: 'bearer' });

  it('lists the audits of the key alone', async () => {
    expect((await as(ANNA).get('/v1/audits')).body.data.map((audit: { id: string }) => audit.id)).toEqual([id]);
    expect((await as(BEN).get('/v1/audits')).body.data).toEqual([]);
  });

  it('knows no audit of another key, on any route', async () => {
    const path = `/v1/audits/${id}`;
    const answers = [await as(BEN).get(path), await as(BEN).get(`${path}/results`), await as(BEN).delete(path), await as(BEN).post('/v1/policies/default/dry-run').send({ version: 1, audit_id: id })];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(answers.map(() => [404, 'audit_not_found']));
    expect((await as(ANNA).get(path)).body).toMatchObject({ status: 'completed', done: 1 });
  });
});
