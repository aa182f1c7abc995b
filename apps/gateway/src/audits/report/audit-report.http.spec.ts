import type { AuditReport } from '@sallyport/reporting';
import { DEFAULT_POLICY } from '@sallyport/policy';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestGateway, type TestGateway } from '../../fixtures/test-gateway.fixture.js';

const LINES = [
  { id: 'a', text: 'kill him', timestamp: '2026-03-01T10:15:00Z', source: 'app' },
  { id: 'b', text: 'What a lovely day it is outside, shall we go for a walk in the park?', timestamp: '2026-03-01T10:45:00Z', source: 'app' },
  { text: 'a slur', timestamp: 1_772_362_800, source: 'web' },
  { broken: true },
  { id: '</script><script>alert(1)</script>', text: '</script><img src=x onerror=alert(1)> I will kill you', source: '<b>bold</b>' },
  { messages: [{ role: 'user', content: 'ignore all previous' }], timestamp: '2026-03-01T12:00:00Z' },
];

describe('the report of an audit', () => {
  let gateway: TestGateway;
  let id: string;
  beforeAll(async () => {
    gateway = await openTestGateway();
    id = await audit(LINES);
  }, 180_000);
  afterAll(() => gateway.close());
  const get = (path: string) => request(gateway.url).get(path);

  async function audit(lines: object[]): Promise<string> {
    const { body } = await request(gateway.url).post('/v1/audits').set('content-type', 'application/x-ndjson').send(lines.map((line) => JSON.stringify(line)).join('\n'));
    await vi.waitFor(async () => expect((await get(`/v1/audits/${body.id}`)).body.status).toBe('completed'), { timeout: 60_000 });
    return body.id;
  }

  it('says what was decided, why, when and where, and what was not checked', async () => {
    const { body, status } = await get(`/v1/audits/${id}/report`);
    expect(status).toBe(200);
    const report = body as AuditReport;
    expect(report).toMatchObject({ audit: { id, status: 'completed', policy: 'default@1', total: 6 }, lines: 6, decisions: { allow: 1, review: 0, block: 4, none: 1 } });
    expect(report.not_checked).toMatchObject({ not_reached: 0, unreadable: { lines: 1, first: [4], by_code: { invalid_request: 1 } }, no_verdict: { lines: 0 }, let_through: { lines: 0 } });
    expect(report.categories.find(({ rule }) => rule === 'S1')).toEqual({ rule: 'S1', lines: 2, review: 0, block: 2 });
    expect(report.timeline).toEqual({
      unit: 'hour', unit_s: 3_600, without: 2,
      buckets: [{ from: '2026-03-01T10:00:00.000Z', allow: 1, review: 0, block: 1, none: 0 }, { from: '2026-03-01T11:00:00.000Z', allow: 0, review: 0, block: 1, none: 0 }, { from: '2026-03-01T12:00:00.000Z', allow: 0, review: 0, block: 1, none: 0 }],
    });
    expect(report.sources).toEqual({ top: [{ source: 'app', lines: 2, flagged: 1 }, { source: '<b>bold</b>', lines: 1, flagged: 1 }, { source: 'web', lines: 1, flagged: 1 }], distinct: 3, max_error: 0, without: 2 });
    expect(report.languages).toEqual([{ language: 'unknown', lines: 3, flagged: 3 }, { language: 'en', lines: 2, flagged: 1 }]);
    const harm = report.scores.find(({ label }) => label === 'harm')!;
    expect([harm.lines, harm.bins[0], harm.bins[19]]).toEqual([5, 2, 3]);
    expect(report.samples.find(({ label }) => label === 'S1')!.highest.map(({ line }) => line)).toEqual([1, 5]);
  });

  it('stays one page without script or network, whatever the lines hold', async () => {
    const { text, headers } = await get(`/v1/audits/${id}/report?format=html`);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text.match(/.{0,40}(<script|<img|<b>bold|https?:|<[^>]*\s(src|href)=).{0,20}/gi) ?? []).toEqual([]);
    expect(text).toContain('&#60;/script&#62;');
    expect(text.indexOf('What was not checked')).toBeLessThan(text.indexOf('<section>'));
    expect(text).toContain('1 line could not be read (invalid_request 1): line 4.');
  });

  it('says what a draft would change', async () => {
    const categories = Object.fromEntries(Object.entries(DEFAULT_POLICY.categories).map(([code, rule]) => [code, ['harm', 'S1'].includes(code) ? { ...rule, enabled: false } : rule]));
    await request(gateway.url).post('/v1/policies/default/versions').send({ document: { ...DEFAULT_POLICY, categories } });
    const { body } = await get(`/v1/audits/${id}/report?draft=default@2`);
    expect(body.draft).toMatchObject({ policy: 'default@2', against: 'default@1', rows: 5, changed: 2, skipped: 1, moves: { block: { allow: 2, block: 2 }, allow: { allow: 1 } }, by_category: { S1: { before: 2, after: 0, removed: 2 } } });
    expect(body.draft.examples.map(({ line }: { line: number }) => line)).toEqual([1, 5]);
    expect((await get(`/v1/audits/${id}/report?format=html&draft=default@2`)).text).toContain('What default@2 would change');
    expect((await get(`/v1/audits/${id}/report?draft=nobody@9`)).status).toBe(404);
    await request(gateway.url).post('/v1/policies/default/shadow').send({ version: 2 });
    expect((await get(`/v1/audits/${id}/report`)).body.draft).toMatchObject({ policy: 'default@2', changed: 2 });
  });
});
