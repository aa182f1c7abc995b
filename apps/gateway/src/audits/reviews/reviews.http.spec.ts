import { DEFAULT_POLICY } from '@sallyport/policy';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestGateway, type TestGateway } from '../../fixtures/test-gateway.fixture.js';

/** Every third line is harmful, and the policy wants a person to see it. */
const LINES = Array.from({ length: 36 }, (_, i) => ({ id: `m${i + 1}`, text: i % 3 === 0 ? `I will kill number ${i}` : `hello ${i}` }));
const KILLS = LINES.flatMap(({ text }, i) => (text.includes('kill') ? [i + 1] : []));

describe('the review queue of an audit', () => {
  let gateway: TestGateway;
  let id: string;
  beforeAll(async () => {
    gateway = await openTestGateway();
    const categories = Object.fromEntries(Object.entries(DEFAULT_POLICY.categories).map(([code, rule]) => [code, { ...rule, action: 'review' }]));
    await request(gateway.url).post('/v1/policies/reviewing/versions').send({ document: { ...DEFAULT_POLICY, categories } });
    const { body } = await request(gateway.url).post('/v1/audits?policy=reviewing').set('content-type', 'application/x-ndjson').send(LINES.map((line) => JSON.stringify(line)).join('\n'));
    id = body.id;
    await vi.waitFor(async () => expect((await get(`/v1/audits/${id}`)).body.status).toBe('completed'), { timeout: 60_000 });
  }, 180_000);
  afterAll(() => gateway.close());
  const get = (path: string) => request(gateway.url).get(path);
  const label = (line: number, body: object) => request(gateway.url).post(`/v1/audits/${id}/lines/${line}/labels`).send(body);

  it('gives the lines for review page by page, and others when asked', async () => {
    const first = (await get(`/v1/audits/${id}/reviews?limit=5`)).body;
    expect(first.data.map(({ line }: { line: number }) => line)).toEqual(KILLS.slice(0, 5));
    expect(first.data[0]).toMatchObject({ line: 1, id: 'm1', text: 'I will kill number 0', decision: 'review', harm: 0.97, categories: { S1: 0.96 }, labels: [] });
    const second = (await get(`/v1/audits/${id}/reviews?limit=50&after=${first.next}`)).body;
    expect([second.data.map(({ line }: { line: number }) => line), second.next]).toEqual([KILLS.slice(5), null]);
    expect((await get(`/v1/audits/${id}/reviews?decision=allow&limit=1`)).body).toMatchObject({ data: [{ line: 2, decision: 'allow' }], next: 2 });
    expect((await get(`/v1/audits/${id}/reviews?decision=maybe`)).status).toBe(400);
  });

  it('takes labels of several reviewers, each of whom may change their mind', async () => {
    expect((await label(1, { label: 'harmless', reviewer: 'ada' })).body).toMatchObject({ line: 1, label: 'harmless', reviewer: 'ada', categories: [] });
    for (const line of KILLS) await label(line, { label: 'harmful', categories: ['S1'], reviewer: 'ada', note: 'a threat' });
    for (const line of KILLS) await label(line, { label: line < 20 ? 'harmful' : 'harmless', reviewer: 'ben' });
    for (let line = 2; line <= 36; line += 1) if (!KILLS.includes(line)) await label(line, { label: 'harmless', reviewer: 'ada' });
    expect((await get(`/v1/audits/${id}/reviews?limit=1`)).body.data[0].labels).toMatchObject([{ reviewer: 'ada', label: 'harmful', categories: ['S1'], note: 'a threat' }, { reviewer: 'ben', label: 'harmful', categories: [] }]);
  });

  it('refuses labels that say nothing, naming the field', async () => {
    expect((await label(1, { label: 'evil', reviewer: 'ada' })).body.error).toMatchObject({ code: 'invalid_request', param: 'label' });
    expect((await label(1, { label: 'harmful', reviewer: '' })).body.error.param).toBe('reviewer');
    expect((await label(1, { label: 'harmful', reviewer: 'a', categories: ['S1', 'S99'] })).body.error).toMatchObject({ code: 'invalid_request', param: 'categories.1' });
    expect((await label(1, { label: 'harmless', reviewer: 'a', categories: ['S1'] })).body.error.param).toBe('categories');
    expect((await label(37, { label: 'harmful', reviewer: 'a' })).status).toBe(404);
    expect((await label(0, { label: 'harmful', reviewer: 'a' })).status).toBe(404);
    expect((await request(gateway.url).post('/v1/audits/audit_none/lines/1/labels').send({ label: 'harmful', reviewer: 'a' })).status).toBe(404);
  });

  it("says how reviewers agree with each other and the policy, as Cohen's kappa, and which thresholds match them", async () => {
    const { body } = await get(`/v1/audits/${id}/agreement`);
    // sklearn.metrics.cohen_kappa_score([1]*12, [1]*7+[0]*5) of scikit-learn 1.9.1 is 0: one of the two always says the same.
    expect(body).toMatchObject({ labels: 48, lines: 36, ties: 5, reviewers: [{ reviewer: 'ada', labels: 36, harmful: 12 }, { reviewer: 'ben', labels: 12, harmful: 7 }], pairs: [{ reviewers: ['ada', 'ben'], lines: 12, kappa: 0 }], minimum: { lines: 30, ofEachKind: 5 } });
    expect(body.pairs[0].agreement).toBeCloseTo(7 / 12);
    expect(body.policy).toEqual([{ reviewer: 'ada', lines: 36, agreement: 1, kappa: 1 }, { reviewer: 'ben', lines: 12, agreement: 7 / 12, kappa: 0 }]);
    const harm = body.thresholds.find((one: { label: string }) => one.label === 'harm');
    expect(harm).toMatchObject({ lines: 31, positives: 7, negatives: 24, best: { mismatches: 0, precision: 1, recall: 1 }, now: { mismatches: 0 } });
    expect(body.thresholds.find((one: { label: string }) => one.label === 'S2')).toMatchObject({ positives: 0, refused: 'A threshold takes 30 labelled lines, at least 5 of them with this label and 5 without it.' });
  });

  it('gives the labels as a set that `sallyport eval` reads, ties left out', async () => {
    const { text } = await get(`/v1/audits/${id}/labels?format=jsonl`);
    const rows = text.trim().split('\n').map((line) => JSON.parse(line));
    expect(rows).toHaveLength(31);
    expect(rows[0]).toEqual({ text: 'I will kill number 0', label: 1, task: 'content', s: ['S1'], categories: ['S1'], line: 1, id: 'm1' });
    expect(rows[1]).toEqual({ text: 'hello 1', label: 0, task: 'content', line: 2, id: 'm2' });
    expect((await get(`/v1/audits/${id}/labels?reviewer=ben`)).text.trim().split('\n')).toHaveLength(12);
  });
});
