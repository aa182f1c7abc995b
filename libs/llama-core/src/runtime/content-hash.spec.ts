import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentHash } from './content-hash.js';

const sha256 = (...texts: string[]) => createHash('sha256').update(texts.join('')).digest('hex');

describe('contentHash', () => {
  let folder: string;
  let root: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hashes-'));
    root = join(folder, 'cache');
    path = join(folder, 'weights');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const notes = () => readdir(join(root, 'hashes')).catch(() => []);

  it('is that of the bytes of all files in order', async () => {
    await writeFile(path, 'ab');
    await writeFile(`${path}2`, 'c');
    expect(await contentHash([path, `${path}2`], root)).toBe(sha256('ab', 'c'));
  });

  it('remembers nothing about a file that has only just changed: the next change could look the same', async () => {
    await writeFile(path, 'one');
    await contentHash([path], root);
    expect(await notes()).toEqual([]);
  });

  it('never serves an old hash, not for a change of the same length with its time set back', async () => {
    await writeFile(path, 'one');
    const { atime, mtime } = await stat(path);
    await sleep(2100);
    expect(await contentHash([path], root)).toBe(sha256('one'));
    const [note] = await notes();
    expect(await contentHash([path], root)).toBe(sha256('one'));
    await writeFile(path, 'two');
    await utimes(path, atime, mtime);
    expect(await contentHash([path], root)).toBe(sha256('two'));
    await writeFile(join(root, 'hashes', note!), 'garbage');
    expect(await contentHash([path], root)).toBe(sha256('two'));
  });

  it('uses what it remembers', async () => {
    await sleep(2100);
    expect(await contentHash([path], root)).toBe(sha256('two'));
    const [note] = await notes();
    const file = join(root, 'hashes', note!);
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), sha256: '0'.repeat(64) }));
    expect(await contentHash([path], root)).toBe('0'.repeat(64));
  });
});
