import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AuditRepository } from '@sallyport/storage';
import { ByteWriter, ParquetWriter, parquetWriteBuffer, schemaFromColumnData } from 'hyparquet-writer';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditFile, auditOf, sendLog } from '../fixtures/audits.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { defaultSettings } from '../gateway-options.js';

const MIB = 1024 * 1024;
const texts = (count: number) => ({ columnData: [{ name: 'text', data: Array.from({ length: count }, (_, at) => `text ${at}`), type: 'STRING' as const }] });

describe('audits of hostile files', () => {
  let gateway: TestGateway;
  let outside: string;
  beforeAll(async () => {
    outside = await mkdtemp(join(tmpdir(), 'sallyport-outside-'));
    await mkdir(join(outside, 'logs', 'deep'), { recursive: true });
    await writeFile(join(outside, 'secret.jsonl'), '{"text":"secret"}\n');
    await writeFile(join(outside, 'logs', 'deep', 'a.jsonl'), '{"text":"hello"}\n');
    await symlink(join(outside, 'secret.jsonl'), join(outside, 'logs', 'link.jsonl'));
    await symlink(outside, join(outside, 'logs', 'up'));
    const { audit } = defaultSettings();
    gateway = await openTestGateway({ auditLimitBytes: 64 * MIB, audit: { ...audit, maxLineBytes: 256 * 1024, unpack: { bytes: 80 * MIB, ratio: 200 }, folder: join(outside, 'logs') } });
  });
  afterAll(async () => {
    await gateway?.close();
    await rm(outside, { recursive: true, force: true });
  });
  afterEach(async () => expect(await readdir(join(gateway.folder, 'spool')).catch(() => [])).toEqual([]));

  const newest = async () => (await request(gateway.url).get('/v1/audits?limit=1')).body.data[0];

  /** Parquet that is whole, but for what its footer says. */
  function withFooter(bytes: Buffer, change: (writer: ParquetWriter) => void): Buffer {
    const writer = new ByteWriter();
    const { columnData } = texts(3);
    const parquet = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData }) });
    void parquet.write({ columnData });
    change(parquet);
    void parquet.finish();
    return Buffer.concat([Buffer.from(writer.getBytes()), bytes]);
  }

  it.each<[string, () => Buffer | string, object, number, string, RegExp]>([
    ['broken gzip', () => gzipSync('{"text":"a"}\n'.repeat(5_000)).subarray(0, 60), {}, 422, 'unprocessable', /gzip/],
    ['a bomb by ratio', () => gzipSync(Buffer.alloc(70 * MIB, `{"text":"${'a'.repeat(60_000)}"}\n`)), {}, 413, 'request_too_large', /200 times/],
    ['a bomb by size', () => gzipSync(Buffer.alloc(82 * MIB, `{"text":"${randomBytes(2_000).toString('hex')}"}\n`)), {}, 413, 'request_too_large', /83886080 bytes/],
    ['a Parquet bomb', () => gzipSync(Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(82 * MIB)])), {}, 413, 'request_too_large', /83886080 bytes|times/],
    ['CSV with a field of 50 MB', () => `id,text\n1,"${'x'.repeat(50 * MIB)}"\n2,b\n`, {}, 413, 'request_too_large', /Row 2/],
    ['Parquet cut short', () => Buffer.from(parquetWriteBuffer(texts(1_000))).subarray(0, 2_000), {}, 422, 'unprocessable', /does not end like it/],
    ['Parquet of 2 billion rows in its footer', () => withFooter(Buffer.alloc(0), (parquet) => { parquet.num_rows = 2_000_000_000n; }), {}, 422, 'unprocessable', /claims 2000000000 rows/],
    ['Parquet of 2 billion rows in its footer and its group', () => withFooter(Buffer.alloc(0), (parquet) => { parquet.num_rows = 2_000_000_000n; parquet.row_groups[0]!.num_rows = 2_000_000_000n; }), {}, 413, 'request_too_large', /16000000 rows/],
    ['Parquet of more rows than its pages hold', () => withFooter(Buffer.alloc(0), (parquet) => { parquet.num_rows = 9_000_000n; parquet.row_groups[0]!.num_rows = 9_000_000n; }), {}, 422, 'unprocessable', /pages of a column hold 3/],
    ['Parquet with a column outside the file', () => withFooter(Buffer.alloc(0), (parquet) => { parquet.row_groups[0]!.columns[0]!.meta_data!.data_page_offset = 9_000_000n; }), {}, 422, 'unprocessable', /outside the file/],
    ['an array that does not end', () => `[${'{"text":"a"},'.repeat(10)}`, {}, 422, 'unprocessable', /after element 10/],
    ['another format than was said', () => 'text\na\n', { format: 'parquet' }, 400, 'invalid_request', /says parquet, but the file looks like CSV/],
  ])('%s is an error with a name, and nothing of the file is kept', async (_, bytes, options, status, code, message) => {
    const response = await sendLog(gateway, { bytes: bytes(), options });
    expect([response.status, response.body.error?.code]).toEqual([status, code]);
    expect(response.body.error.message).toMatch(message);
    const { id, ...audit } = await newest();
    expect(audit).toMatchObject({ status: 'failed', error: { code } });
    await expect(gateway.app.get(AuditRepository, { strict: false }).loadChunk(id, 0)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a table whose few bytes stand for more text than fits is refused while it is read', async () => {
    const long = 'x'.repeat(200_000);
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'text', data: Array.from({ length: 1_000 }, () => long), type: 'STRING' }] }));
    expect(bytes.length).toBeLessThan(MIB);
    const response = await sendLog(gateway, { bytes });
    expect([response.status, response.body.error?.code]).toEqual([413, 'request_too_large']);
  });

  it('lines that cannot be read are error rows in their place, and the others are screened', async () => {
    const deep = `{"text":"a","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const bytes = Buffer.concat([Buffer.from(`{"id":"x","text":"a"}\n${deep}\n{"id":"bad","text":"`), Buffer.from([0xc3, 0x28]), Buffer.from(`"}\n{"id":"x","text":"nul \\u0000 here"}\n{"id":"long","text":"${'y'.repeat(300_000)}"}\n{"custom_id":"x","text":"\u0000raw"}\n\n{"id":"last","messages":[{"role":"wizard","content":"a"}]}`)]);
    const { progress, rows } = await auditFile(gateway, { bytes });
    expect(progress).toMatchObject({ status: 'completed', total: 7, failed: 5 });
    expect(rows.map(({ line, id, decision, error }) => [line, id, error?.code ?? decision])).toEqual([[1, 'x', 'allow'], [2, undefined, 'invalid_json'], [3, undefined, 'invalid_json'], [4, 'x', 'allow'], [5, undefined, 'request_too_large'], [6, undefined, 'invalid_json'], [8, 'last', 'invalid_request']]);
  });

  it('an array that is nested 100,000 deep is an error row', async () => {
    const { rows } = await auditFile(gateway, { bytes: `[{"text":"a"},${'['.repeat(100_000)}${']'.repeat(100_000)},{"text":"b"}]` });
    expect(rows.map(({ line, decision, error }) => [line, error?.code ?? decision])).toEqual([[1, 'allow'], [2, 'invalid_json'], [3, 'allow']]);
  });

  it('an empty file has no lines', async () => {
    expect((await auditFile(gateway, { bytes: '' })).progress).toMatchObject({ status: 'completed', total: 0 });
  });

  it('a file name never leads anywhere', async () => {
    for (const name of ['../../etc/passwd', '/etc/passwd', 'C:\\x']) {
      const { status, body } = await request(gateway.url).post('/v1/audits').attach('file', Buffer.from('{"text":"a"}'), { filepath: name } as object);
      expect([status, body.error?.param], name).toEqual([400, 'file']);
    }
  });

  it('a path leads to files of the folder and nowhere else', async () => {
    const from = (path: string) => request(gateway.url).post('/v1/audits').send({ path });
    const { status, body } = await from('deep/a.jsonl');
    expect(status, JSON.stringify(body)).toBe(202);
    expect((await auditOf(gateway, body.id)).rows).toMatchObject([{ line: 1, decision: 'allow' }]);
    for (const path of ['../secret.jsonl', 'deep/../../secret.jsonl', join(outside, 'secret.jsonl'), 'link.jsonl', 'up/secret.jsonl', '..\\secret.jsonl', 'a\u0000.jsonl']) expect((await from(path)).status, path).toBe(403);
    for (const path of ['deep', 'nothing.jsonl', '.']) expect((await from(path)).body.error?.param, path).toBe('path');
    expect(await readFile(join(outside, 'secret.jsonl'), 'utf8')).toContain('secret');
  });

  it('options are refused by the name of their field', async () => {
    for (const [options, param] of [[{ sample: { share: 2 } }, 'sample.share'], [{ sample: {} }, 'sample'], [{ fields: { txt: 'a' } }, 'fields.txt'], [{ fields: { text: 'a', prompt: 'b' } }, 'fields'], [{ format: 'xlsx' }, 'format'], [{ dedupe: 'yes' }, 'dedupe'], [{ priority: 10 }, 'priority'], [{ nonsense: 1 }, 'nonsense']] as const) {
      const { status, body } = await sendLog(gateway, { bytes: '{"text":"a"}', options });
      expect([body.error?.param, status >= 400 && status < 500], JSON.stringify(options)).toEqual([param, true]);
    }
    expect((await request(gateway.url).post('/v1/audits?sample.share=2').set('content-type', 'text/csv').send('text\na')).body.error.param).toBe('sample.share');
    expect((await request(gateway.url).post('/v1/audits').attach('file', Buffer.from('{"text":"a"}'), 'a').field('options', '{}')).body.error.param).toBe('options');
    expect((await request(gateway.url).post('/v1/audits').send({ options: {} })).body.error.param).toBe('options');
  });
});
