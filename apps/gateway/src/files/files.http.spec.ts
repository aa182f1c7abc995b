import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type OpenAI from 'openai';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, requestLine, startBatch, until } from '../fixtures/batches.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { defaultSettings } from '../gateway-options.js';

const LIMIT_BYTES = 100_000;
const BATCH = { ...defaultSettings().batch, fileLimitBytes: LIMIT_BYTES, reconcileMs: 200 };

const onDisk = ({ folder }: TestGateway) => readdir(join(folder, 'files')).catch(() => [] as string[]);
const form = ({ url }: TestGateway) => request(url).post('/v1/files');

describe('/v1/files with the openai client', () => {
  let gateway: TestGateway;
  let client: OpenAI;
  beforeAll(async () => {
    gateway = await openTestGateway({ batch: BATCH });
    client = clientOf(gateway);
  });
  afterAll(() => gateway.close());

  it('keeps every byte and tells what the file is', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, at) => at % 256));
    const file = await client.files.create({ file: new File([bytes], 'größe 数.jsonl'), purpose: 'batch' });
    expect(file).toEqual({ id: expect.stringMatching(/^file-[0-9a-f]{32}$/), object: 'file', bytes: 3_000, created_at: expect.any(Number), filename: 'größe 数.jsonl', purpose: 'batch', status: 'processed' });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const content = await client.files.content(file.id);
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
    expect(content.headers.get('content-length')).toBe('3000');
  });

  it('lists by page, order and purpose, and removes the content with the file', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await client.files.create({ file: new File(['{}'], name), purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 3_600 } })).id);
    const page = await client.files.list({ limit: 2 });
    expect({ ids: page.data.map(({ id }) => id), more: page.has_more }).toEqual({ ids: [ids[2], ids[1]], more: true });
    const seen: string[] = [];
    for await (const file of client.files.list({ limit: 1, order: 'asc', after: ids[0]! })) seen.push(file.id);
    expect(seen).toEqual(ids.slice(1));
    expect((await client.files.list({ purpose: 'batch_output' })).data).toEqual([]);
    expect((await client.files.retrieve(ids[0]!)).expires_at).toBeGreaterThan(Date.now() / 1_000 + 3_000);
    expect(await client.files.delete(ids[0]!)).toEqual({ id: ids[0], object: 'file', deleted: true });
    expect(await onDisk(gateway)).not.toContain(ids[0]);
    expect(await onDisk(gateway)).toContain(ids[1]);
    for (const path of [`/v1/files/${ids[0]}`, `/v1/files/${ids[0]}/content`, `/v1/files?after=${ids[0]}`]) {
      const gone = await request(gateway.url).get(path);
      expect([gone.status, gone.body.error.code]).toEqual([404, 'file_not_found']);
    }
    expect((await request(gateway.url).delete(`/v1/files/${ids[0]}`)).status).toBe(404);
    // As OpenAI's Python client sends it.
    expect((await request(gateway.url).delete(`/v1/files/${ids[1]}`).set('content-type', 'application/json').set('content-length', '0')).body).toMatchObject({ id: ids[1], deleted: true });
  });

  it('removes an input file without harm to its batch once that has begun', async () => {
    const { id, input_file_id: input } = await startBatch(client, [requestLine('a', { input: 'hi' })]);
    await until(client, id, ({ in_progress_at: at }) => at !== null);
    await client.files.delete(input);
    expect((await until(client, id)).status).toBe('completed');
  });
});

describe('uploads that are refused', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway({ batch: BATCH }); });
  afterAll(() => gateway.close());

  const content = Buffer.from('{}\n');
  it.each<[string, () => request.Test, number, string, string | null]>([
    ['no purpose', () => form(gateway).attach('file', content, 'a'), 400, 'invalid_request', 'purpose'],
    ['another purpose', () => form(gateway).field('purpose', 'fine-tune').attach('file', content, 'a'), 400, 'invalid_request', 'purpose'],
    ['no file', () => form(gateway).field('purpose', 'batch'), 400, 'invalid_request', 'file'],
    ['a file in another part', () => form(gateway).field('purpose', 'batch').attach('upload', content, 'a'), 400, 'invalid_request', 'file'],
    ['an unknown field after the file', () => form(gateway).attach('file', content, 'a').field('purpose', 'batch').field('extra', '1'), 400, 'unknown_parameter', null],
    ['an expiry without an anchor', () => form(gateway).attach('file', content, 'a').field('purpose', 'batch').field('expires_after[seconds]', '3600'), 400, 'invalid_request', 'expires_after[anchor]'],
    ['an expiry out of range', () => form(gateway).attach('file', content, 'a').field('purpose', 'batch').field('expires_after[anchor]', 'created_at').field('expires_after[seconds]', '1'), 400, 'invalid_request', 'expires_after[seconds]'],
    ['two files', () => form(gateway).field('purpose', 'batch').attach('file', content, 'a').attach('file', content, 'b'), 413, 'request_too_large', null],
    ['JSON', () => form(gateway).send({ purpose: 'batch' }), 415, 'unsupported_media_type', null],
  ])('%s', async (_what, send, status, code, param) => {
    const response = await send();
    expect({ status: response.status, ...response.body.error }).toMatchObject({ status, code, param });
    expect(await onDisk(gateway)).toEqual([]);
  });

  it.each(['../../etc/passwd', '..\\..\\boot.ini', '/etc/passwd', 'C:\\boot.ini', 'a/../../b', '..', 'x'.repeat(300), 'a\tb'])('the file name %j', async (filename) => {
    const response = await rawUpload(gateway, `--b\r\ncontent-disposition: form-data; name="file"; filename="${filename.replaceAll('\\', '\\\\')}"\r\ncontent-type: text/plain\r\n\r\n{}\r\n--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b--\r\n`);
    expect([response.status, response.body.error]).toMatchObject([400, { code: 'invalid_request', param: 'file' }]);
    expect(response.text).not.toContain('passwd');
    expect(await onDisk(gateway)).toEqual([]);
  });

  it('one that is too large, announced or not', async () => {
    const large = Buffer.alloc(LIMIT_BYTES + 1, 'x');
    const announced = await form(gateway).field('purpose', 'batch').attach('file', large, 'a');
    expect([announced.status, announced.body.error.code]).toEqual([413, 'request_too_large']);
    const huge = await form(gateway).attach('file', Buffer.alloc(3 * 1024 * 1024, 'x'), 'a');
    expect([huge.status, huge.body.error.code]).toEqual([413, 'request_too_large']);
    expect(await onDisk(gateway)).toEqual([]);
    expect((await form(gateway).field('purpose', 'batch').attach('file', large.subarray(1), 'a')).status).toBe(200);
    await Promise.all((await clientOf(gateway).files.list()).data.map(({ id }) => clientOf(gateway).files.delete(id)));
  });

  it('one whose sender goes away', async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 90000\r\n\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf a li');
    while ((await onDisk(gateway)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    while ((await onDisk(gateway)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await clientOf(gateway).files.list()).data).toEqual([]);
  });

  it('a form that ends in the middle', async () => {
    const response = await rawUpload(gateway, '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf a li');
    expect([response.status, response.body.error.code]).toEqual([400, 'invalid_request']);
    expect(await onDisk(gateway)).toEqual([]);
  });
});

describe('owners', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway({ batch: BATCH, apiKeys: ['one', 'two'] }); });
  afterAll(() => gateway.close());

  it('see their own files and batches and nobody else does', async () => {
    const [one, two] = [clientOf(gateway, 'one'), clientOf(gateway, 'two')];
    const done = await until(one, (await startBatch(one, [requestLine('a', { input: 'hi' })])).id);
    const files = [done.input_file_id, done.output_file_id!];
    expect((await one.files.list()).data.map(({ id }) => id)).toEqual([...files].reverse());
    expect((await two.files.list()).data).toEqual([]);
    expect((await two.batches.list()).data).toEqual([]);
    for (const id of files) {
      await expect(two.files.retrieve(id)).rejects.toMatchObject({ status: 404, code: 'file_not_found' });
      await expect(two.files.content(id)).rejects.toMatchObject({ status: 404 });
      await expect(two.files.delete(id)).rejects.toMatchObject({ status: 404 });
    }
    await expect(two.batches.retrieve(done.id)).rejects.toMatchObject({ status: 404, code: 'batch_not_found' });
    await expect(two.batches.cancel(done.id)).rejects.toMatchObject({ status: 404 });
    await expect(two.batches.create({ input_file_id: files[0]!, endpoint: '/v1/moderations', completion_window: '24h' })).rejects.toMatchObject({ status: 404 });
    expect((await request(gateway.url).get('/v1/files')).status).toBe(401);
  });
});

function rawUpload(gateway: TestGateway, body: string): request.Test {
  return form(gateway).set('content-type', 'multipart/form-data; boundary=b').send(body);
}
