import { SallyportError } from '@sallyport/contracts';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditUntil, progressOf, resultsOf, startAudit } from '../fixtures/audit-runs.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { defaultSettings } from '../gateway-options.js';

const AUDIT = { ...defaultSettings().audit, chunkLines: 5, backoffMs: 20, events: { pollMs: 20, keepAliveMs: 60 } };
const LIMIT_MS = 300_000;
const texts = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `row-${at}`, text: at % 7 === 0 ? `kill ${at}` : `text ${at}` }));

describe('control of audits', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway({ audit: AUDIT }); }, LIMIT_MS);
  afterAll(() => gateway?.close(), LIMIT_MS);

  const change = async (id: string, what: string, status = 200) => {
    const answer = await request(gateway.url).post(`/v1/audits/${id}/${what}`);
    expect([answer.status, answer.body.error?.code]).toEqual([status, status === 409 ? expect.any(String) : undefined]);
    return answer.body;
  };
  /** Lets so many calls through; the others wait until they are released, and their number tells when all workers are stopped. */
  const hold = (calls: number): { held(): number; release(): void } => {
    let [left, held] = [calls, 0];
    let open: () => void = () => undefined;
    const released = new Promise<void>((resolve) => { open = resolve; });
    const wait = (): Promise<void> => {
      held += 1;
      return released;
    };
    gateway.guard.pause = () => (left-- > 0 ? Promise.resolve() : wait());
    return { held: () => held, release: () => { gateway.guard.pause = async () => undefined; open(); } };
  };
  const slowly = (ms: number) => { gateway.guard.pause = () => new Promise((resolve) => setTimeout(resolve, ms)); };

  it('pauses, tells that nothing moves, resumes, and has one result per line at the end', async () => {
    const { held, release } = hold(3);
    const id = await startAudit(gateway.url, texts(100));
    await auditUntil(gateway.url, id, ({ done }) => done === 15 && held() > 0);
    expect(await change(id, 'pause')).toMatchObject({ id, status: 'paused', eta_s: null, rate: 0 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    release();
    // One turn may have taken all chunks, or two may be at work: what was under way ends, and nothing else is begun.
    const { done } = await auditUntil(gateway.url, id, ({ done: now }) => now === 15 + 5 * held());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await progressOf(gateway.url, id)).toMatchObject({ status: 'paused', done });
    expect((await change(id, 'resume')).status).toBe('running');
    expect(await auditUntil(gateway.url, id)).toMatchObject({ total: 100, done: 100, failed: 0, flagged: 15 });
    expect((await resultsOf(gateway.url, id)).map((result) => [result.line, result.id])).toEqual(texts(100).map((row, at) => [at + 1, row.id]));
  }, LIMIT_MS);

  it('cancels, keeps the results so far, and refuses by name what makes no sense then', async () => {
    const { release } = hold(3);
    const id = await startAudit(gateway.url, texts(100));
    await auditUntil(gateway.url, id, ({ done }) => done > 0);
    expect((await change(id, 'cancel')).status).toBe('cancelled');
    expect((await change(id, 'cancel')).status).toBe('cancelled');
    for (const what of ['pause', 'resume', 'retry']) expect((await change(id, what, 409)).error).toMatchObject({ code: 'audit_state_conflict', type: 'invalid_request_error' });
    expect((await resultsOf(gateway.url, id)).length).toBeGreaterThan(0);
    expect((await request(gateway.url).delete(`/v1/audits/${id}`)).body).toEqual({ id, deleted: true });
    expect((await request(gateway.url).post(`/v1/audits/${id}/pause`)).body.error.code).toBe('audit_not_found');
    release();
  }, LIMIT_MS);

  it('retries the lines whose check failed, each alone, and asks for no other line again', async () => {
    gateway.guard.pause = async ({ subjects }) => {
      if (subjects.some(({ text }) => text.includes('poison'))) throw new SallyportError('internal_error', 'this text breaks the classifier');
    };
    const rows = [...texts(11), { id: 'bad', text: 'poison' }, { broken: true }, ...texts(12)];
    const id = await startAudit(gateway.url, rows);
    expect(await auditUntil(gateway.url, id)).toMatchObject({ total: 25, done: 25, failed: 2, retryable: 1, flagged: 4 });
    const before = await resultsOf(gateway.url, id);
    expect(before.filter(({ error }) => error).map(({ line, id: row, error }) => [line, row, error?.code])).toEqual([[12, 'bad', 'check_failed'], [13, undefined, 'invalid_request']]);
    gateway.guard.pause = async () => undefined;
    gateway.guard.requests.length = 0;
    expect(await change(id, 'retry')).toMatchObject({ failed: 1, retryable: 0 });
    expect(await auditUntil(gateway.url, id)).toMatchObject({ total: 25, done: 25, failed: 1, retryable: 0, flagged: 4 });
    expect(gateway.guard.requests.map(({ subjects }) => subjects.map(({ text }) => text))).toEqual([['poison']]);
    const after = await resultsOf(gateway.url, id);
    expect(after.filter((_, at) => at !== 11)).toEqual(before.filter((_, at) => at !== 11));
    expect(after[11]).toMatchObject({ line: 12, id: 'bad', decision: 'allow' });
    expect((await change(id, 'retry', 409)).error.code).toBe('nothing_to_retry');
  }, LIMIT_MS);

  it('waits for guards that are away instead of giving lines up', async () => {
    gateway.guard.failure = new SallyportError('service_unavailable', 'No guard service answers now.');
    const id = await startAudit(gateway.url, texts(23));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await progressOf(gateway.url, id)).toMatchObject({ done: 0, failed: 0 });
    gateway.guard.failure = undefined;
    expect(await auditUntil(gateway.url, id)).toMatchObject({ total: 23, done: 23, failed: 0 });
  }, LIMIT_MS);

  describe('as events', () => {
    async function events(id: string, signal?: AbortSignal): Promise<string> {
      const response = await fetch(`${gateway.url}/v1/audits/${id}/events`, signal ? { signal } : {});
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
      return response.text();
    }

    it('tells every change and a sign of life in between, and ends with the audit', async () => {
      slowly(150);
      const id = await startAudit(gateway.url, texts(30));
      const text = await events(id);
      const told = text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)) as { status: string; done: number });
      expect(text).toContain(': keep-alive\n\n');
      expect(told.map(({ done }) => done)).toEqual([...new Set(told.map(({ done }) => done))].sort((a, b) => a - b));
      expect(told.at(-1)).toMatchObject({ status: 'completed', done: 30 });
      expect(text.split('\n').filter((line) => line.startsWith('event: ')).every((line) => line === 'event: progress')).toBe(true);
      slowly(0);
    }, LIMIT_MS);

    it('tells one thing of a finished audit and knows none that is not there', async () => {
      const id = await startAudit(gateway.url, texts(1));
      await auditUntil(gateway.url, id);
      expect((await events(id)).match(/^data: /gm)).toHaveLength(1);
      expect((await request(gateway.url).get('/v1/audits/none/events')).body.error.code).toBe('audit_not_found');
    }, LIMIT_MS);

    it('asks for nothing more when the client has gone, and lets the server close', async () => {
      const id = await startAudit(gateway.url, texts(1));
      await auditUntil(gateway.url, id);
      slowly(100);
      const open = await startAudit(gateway.url, texts(20));
      await change(open, 'pause');
      const client = new AbortController();
      const leaving = events(open, client.signal);
      const staying = fetch(`${gateway.url}/v1/audits/${open}/events`).then((response) => response.text());
      await new Promise((resolve) => setTimeout(resolve, 200));
      client.abort();
      await expect(leaving).rejects.toThrow();
      await gateway.stop();
      expect(await staying).toContain('"status":"paused"');
      gateway = await openTestGateway({ audit: AUDIT }, { existing: gateway.folder });
      expect((await change(open, 'resume')).status).toMatch(/queued|running/);
      await auditUntil(gateway.url, open);
    }, LIMIT_MS);
  });
});
