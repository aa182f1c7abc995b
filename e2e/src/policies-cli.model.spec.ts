import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedDeployment } from './deployment.fixture.js';
import { root } from './service-process.fixture.js';

let deployment: EmbeddedDeployment;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
  deployment = await EmbeddedDeployment.start();
}, 180_000);
afterAll(async () => {
  await deployment?.close();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);

/** One run of the command; never rejects. */
const cli = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'policies', ...args, ...(args.includes('--url') ? [] : ['--url', deployment.url])], (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
  });

describe('sallyport policies', () => {
  it('gets a policy as a file and applies it once', async () => {
    const got = await cli('get', 'default');
    expect(got).toMatchObject({ code: 0, out: expect.stringMatching(/^name: Default\n/) });
    await writeFile(file('shop.yaml'), got.out);
    expect(await cli('apply', file('shop.yaml'), '--check')).toMatchObject({ code: 4, out: 'shop: would be created\n' });
    expect(await cli('apply', file('shop.yaml'))).toMatchObject({ code: 0, out: 'shop@1 created, active now\n' });
    for (let again = 0; again < 2; again += 1) expect(await cli('apply', file('shop.yaml'), '--activate')).toMatchObject({ code: 0, out: 'shop@1 unchanged\n' });
    expect(await cli('apply', file('shop.yaml'), '--check')).toMatchObject({ code: 0, out: 'shop: unchanged\n' });
  });

  it('shows what a changed file changes, applies and activates it', async () => {
    const text = await readFile(file('shop.yaml'), 'utf8');
    const threshold = /( {2}harm:\n {4}enabled: true\n {4}threshold: )([\d.]+)/;
    const before = threshold.exec(text)?.[2];
    await writeFile(file('shop.yaml'), text.replace(threshold, '$10.11'));
    expect(await cli('diff', 'shop', file('shop.yaml'))).toMatchObject({ code: 4, out: `categories.harm.threshold: ${before} -> 0.11\n` });
    expect(await cli('apply', file('shop.yaml'), '--note', 'stricter', '--author', 'Ada')).toMatchObject({ code: 0, out: 'shop@2 created\n' });
    expect(await cli('activate', 'shop', '2', '--expect', '7')).toMatchObject({ code: 3, err: expect.stringContaining('version 1 is') });
    expect(await cli('activate', 'shop', '2')).toMatchObject({ code: 0, out: 'shop@2 active now (before: 1)\n' });
    expect(await cli('activate', 'shop', '2')).toMatchObject({ code: 0, out: 'shop@2 unchanged\n' });
    expect(await cli('diff', 'shop', file('shop.yaml'))).toMatchObject({ code: 0, out: '' });
    expect(await cli('diff', 'shop', '2', '--from', '1')).toMatchObject({ code: 4 });
    expect((await cli('list')).out).toMatch(/^default\tactive 1\t1 versions\nshop\tactive 2\t2 versions\n$/);
    expect((await cli('list', 'shop')).out).toMatch(/^2\tactive\t\S+\tAda\tstricter\n1\tretired\t/);
  });

  it('tries a file on recorded rows and on texts that the guards read now', async () => {
    await writeFile(file('rows.jsonl'), ['{"id":"a","harm":0.5,"categories":{"S1":0.1},"attack":0.01,"decision":"allow"}', '{"text":"What is the capital of France?"}', ''].join('\n'));
    const tried = await cli('dry-run', 'default', '--file', file('shop.yaml'), '--in', file('rows.jsonl'), '--fail-on-change');
    expect(tried).toMatchObject({ code: 4, out: expect.stringMatching(/^default@draft against default@1: [12] of 2 decisions change\n/) });
    expect(tried.out).toContain('line 1 (a): allow -> block, harm 0.500 against 0.11');
    const report = JSON.parse((await cli('dry-run', 'shop', '--version', '2', '--in', file('rows.jsonl'), '--json')).out);
    expect(report).toMatchObject({ policy: 'shop@2', rows: 2 });
  });

  it('tells mistakes apart by exit code', async () => {
    await writeFile(file('broken.yaml'), 'name: x\ntaxonomy: llama-guard-3\ncategories: {S1: {threshold: 2}}\n');
    expect(await cli('apply', file('broken.yaml'))).toMatchObject({ code: 2, err: expect.stringContaining('categories.S1.threshold') });
    expect(await cli('apply', file('missing.yaml'))).toMatchObject({ code: 2 });
    expect(await cli('apply')).toMatchObject({ code: 2 });
    expect(await cli('get', 'nobody')).toMatchObject({ code: 6, err: expect.stringContaining('policy_not_found') });
    expect(await cli('list', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 1, err: expect.stringContaining('cannot be reached') });
    expect(await cli('dry-run', 'shop')).toMatchObject({ code: 2 });
    expect((await cli('--help')).code).toBe(0);
  });

  it('keeps policies and what is active over a kill', async () => {
    await deployment.process.kill('SIGKILL');
    await deployment.restart();
    expect((await cli('list')).out).toContain('shop\tactive 2\t2 versions');
    expect(await cli('apply', file('shop.yaml'), '--activate')).toMatchObject({ code: 0, out: 'shop@2 unchanged\n' });
  }, 180_000);
});
