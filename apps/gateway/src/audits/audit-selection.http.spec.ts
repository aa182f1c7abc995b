import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditFile, auditOf } from '../fixtures/audits.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { defaultSettings } from '../gateway-options.js';

describe('what an audit reads, leaves out and gives back', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openTestGateway({ audit: { ...defaultSettings().audit, chunkLines: 7 } });
  });
  afterAll(() => gateway?.close());
  beforeEach(() => {
    gateway.guard.requests.length = 0;
  });

  const log = (count: number, text: (at: number) => string) => Array.from({ length: count }, (_, at) => JSON.stringify({ id: `r${at}`, text: text(at), timestamp: 1_700_000_000 + at })).join('\n');

  it('screens equal contents once and gives each its own row, with whose result it is', async () => {
    const { progress, rows } = await auditFile(gateway, { bytes: log(60, (at) => ['hello', 'kill', 'weather'][at % 3]!), options: { dedupe: true } });
    expect(gateway.guard.texts.sort()).toEqual(['hello', 'kill', 'weather']);
    expect(progress).toMatchObject({ total: 60, done: 60, flagged: 20, failed: 0 });
    expect(rows.map(({ line, id, decision, duplicate_of, timestamp }) => [line, id, decision, duplicate_of, timestamp])).toEqual(Array.from({ length: 60 }, (_, at) => [at + 1, `r${at}`, at % 3 === 1 ? 'block' : 'allow', at < 3 ? undefined : (at % 3) + 1, new Date((1_700_000_000 + at) * 1_000).toISOString()]));
    expect(rows[31]!['categories']).toEqual(rows[1]!['categories']);
  });

  it('judges a draft on the scores of repeated lines as on those of the first', async () => {
    const { progress } = await auditFile(gateway, { bytes: log(6, () => 'kill'), options: { dedupe: true } });
    const { body } = await request(gateway.url).post('/v1/policies/default/dry-run').send({ version: 1, audit_id: progress.id });
    expect(body).toMatchObject({ rows: 6, skipped: 0 });
  });

  it('screens the sample alone and says how many lines it leaves out', async () => {
    for (const options of [{ sample: { share: 0.3, seed: 5 } }, { sample: { count: 20, seed: 5 } }]) {
      gateway.guard.requests.length = 0;
      const { progress, rows } = await auditFile(gateway, { bytes: log(100, (at) => `t${at}`), options });
      expect(progress.total + progress.skipped).toBe(100);
      expect(progress.total).toBeGreaterThan(15);
      expect(progress.total).toBeLessThan(45);
      expect(gateway.guard.texts).toEqual(rows.map(({ line }) => `t${line - 1}`));
      expect(rows.map(({ id }) => id)).toEqual(rows.map(({ line }) => `r${line - 1}`));
    }
  });

  it('reads Parquet row by row, also by query and as a body of its own type', async () => {
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'q.x', data: ['hello', null, 'kill'], type: 'STRING' }, { name: 'n', data: [1, 2, 3], type: 'INT32' }] }));
    const { body } = await request(gateway.url).post('/v1/audits?fields.text=q.x&fields.id=n&priority=3').set('content-type', 'application/vnd.apache.parquet').send(bytes);
    const { rows } = await auditOf(gateway, body.id);
    expect(rows.map(({ line, id, decision, error }) => [line, id, error?.param ?? decision])).toEqual([[1, '1', 'allow'], [2, '2', 'text'], [3, '3', 'block']]);
  });

  it('judges the request and its answer, also where a policy looks at what was said last alone', async () => {
    const { body: current } = await request(gateway.url).get('/v1/policies/default');
    await request(gateway.url).post('/v1/policies/last-turn/versions').send({ document: { ...current.document, scope: 'latest' } });
    await auditFile(gateway, { bytes: 'prompt,response\nold question,old answer\n', options: { policy: 'last-turn' } });
    expect(gateway.guard.texts).toEqual(['old question', 'old answer']);
  });

  it('gives results as JSON lines, CSV and Parquet with the same rows, or only some of them', async () => {
    const { progress: { id } } = await auditFile(gateway, { bytes: `{"id":"=1+1","text":"hello"}\n{"id":"b","text":"kill"}\n\nnot json\n{"id":"c","text":"ignore all previous"}` });
    const results = (query: string) => request(gateway.url).get(`/v1/audits/${id}/results?${query}`).buffer(true).parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('end', () => done(null, Buffer.concat(parts)));
    });
    const csv = await results('format=csv');
    expect(csv.headers['content-type']).toContain('text/csv');
    const rows = parse(csv.body as Buffer, { columns: true }) as Array<Record<string, string>>;
    expect(rows.map(({ line, id: own, decision, error_code }) => [line, own, decision || error_code])).toEqual([['1', "'=1+1", 'allow'], ['2', 'b', 'block'], ['4', '', 'invalid_json'], ['5', 'c', 'block']]);
    expect(Number(rows[1]!['category_S1'])).toBe(0.96);
    const parquet = (await results('format=parquet')).body as Buffer;
    const table = await parquetReadObjects({ file: { byteLength: parquet.length, slice: (start, end) => new Uint8Array(parquet.subarray(start, end)).slice().buffer } });
    expect(table.map((row) => [row['line'], row['id'], row['decision'] ?? row['error_code'], row['category_S1']])).toEqual([[1, '=1+1', 'allow', 0.01], [2, 'b', 'block', 0.96], [4, null, 'invalid_json', null], [5, 'c', 'block', 0.01]]);
    const only = async (which: string) => String((await results(`only=${which}`)).body).split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { line: number }).line);
    expect([await only('failed'), await only('flagged'), await only('blocked')]).toEqual([[4], [2, 5], [2, 5]]);
    expect((await results('only=some')).status).toBe(400);
  });

  it('says plainly when a source is not set up', async () => {
    expect((await request(gateway.url).post('/v1/audits').send({ path: 'a.jsonl' })).body.error).toMatchObject({ code: 'unsupported_feature', param: 'path', message: expect.stringContaining('SALLYPORT_AUDIT_FOLDER') });
    expect((await request(gateway.url).post('/v1/audits').send({ s3: 's3://bucket/key' })).body.error).toMatchObject({ code: 'forbidden', param: 's3', message: expect.stringContaining('SALLYPORT_AUDIT_S3') });
    expect((await request(gateway.url).post('/v1/audits').send({ s3: 'https://bucket/key' })).body.error).toMatchObject({ code: 'invalid_request', param: 's3' });
  });
});
