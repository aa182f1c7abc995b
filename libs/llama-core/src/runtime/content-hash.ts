import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFiles } from '../weights/hash-file.js';

/** A file changed this shortly before it was hashed may change again within the same tick of its clock, and look unchanged. */
const SETTLED_MS = 2000;

interface Remembered {
  files: string[];
  sha256: string;
}

/**
 * sha256 (hex) over the bytes of the files in order, remembered beside the graphs as long as no file's path, size, times (of content and of inode)
 * or inode changes, because reading gigabytes at every start takes longer than the start itself.
 */
export async function contentHash(paths: readonly string[], cacheRoot: string): Promise<string> {
  const startedAt = Date.now();
  const before = await identities(paths);
  const note = join(cacheRoot, 'hashes', `${createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 32)}.json`);
  const known = await remembered(note);
  if (known && known.files.join('\n') === before.files.join('\n')) return known.sha256;
  const sha256 = await hashFiles(paths);
  const settled = before.changedAtMs + SETTLED_MS < startedAt;
  if (settled && (await identities(paths)).files.join('\n') === before.files.join('\n')) await remember(note, { files: before.files, sha256 });
  return sha256;
}

/** What the file system says about each file; `changedAtMs` is the latest change of any. */
async function identities(paths: readonly string[]): Promise<{ files: string[]; changedAtMs: number }> {
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  const files = stats.map((info, i) => [paths[i], info.size, info.mtimeNs, info.ctimeNs, info.dev, info.ino].join(' '));
  return { files, changedAtMs: Math.max(0, ...stats.map((info) => Math.max(Number(info.mtimeMs), Number(info.ctimeMs)))) };
}

async function remembered(note: string): Promise<Remembered | undefined> {
  try {
    const { files, sha256 } = JSON.parse(await readFile(note, 'utf8')) as Remembered;
    return Array.isArray(files) && /^[0-9a-f]{64}$/.test(sha256) ? { files, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

/** Failing to remember costs time, nothing else. */
async function remember(note: string, what: Remembered): Promise<void> {
  const temporary = `${note}.${process.pid}`;
  try {
    await mkdir(join(note, '..'), { recursive: true });
    await writeFile(temporary, JSON.stringify(what));
    await rename(temporary, note);
  } catch {
    return;
  }
}
