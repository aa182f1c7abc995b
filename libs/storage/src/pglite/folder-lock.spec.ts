import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from './folder-lock.js';

let folder: string;
let lock: string;
let other: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-lock-'));
  lock = join(folder, 'sallyport.lock');
  other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(other, 'spawn');
});

afterEach(async () => {
  await stopOther();
  await rm(folder, { recursive: true, force: true });
});

async function stopOther(): Promise<void> {
  if (other.exitCode !== null || other.signalCode !== null) return;
  const exited = once(other, 'exit');
  other.kill('SIGKILL');
  await exited;
}

const startTime = async (pid: number) => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[19]!;
const write = (owner: object) => writeFile(lock, JSON.stringify(owner));

describe('lockFolder', () => {
  it('refuses a folder that this process holds, until it is freed', async () => {
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'not_ready', message: expect.stringContaining(`process ${process.pid}`) });
    await unlock();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(folder))();
  });

  it('refuses a folder that a living process holds and takes it over when that is dead', async () => {
    await write({ pid: other.pid, started: await startTime(other.pid!), token: 'theirs' });
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'not_ready', message: expect.stringContaining(`process ${other.pid}`) });
    await stopOther();
    const unlock = await lockFolder(folder);
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid });
    await unlock();
  });

  it('takes over from a process whose number was given to another, or to this one', async () => {
    await write({ pid: other.pid, started: '1', token: 'before' });
    await (await lockFolder(folder))();
    await write({ pid: process.pid, started: '1', token: 'before' });
    await (await lockFolder(folder))();
  });

  it('takes over a file that nobody can have written whole', async () => {
    await writeFile(lock, '{"pid":');
    await (await lockFolder(folder))();
  });

  it('lets one of 8 that find a stale lock at once have it, time after time', async () => {
    for (let round = 0; round < 100; round++) {
      await write({ pid: 2 ** 22 + 1, started: '1', token: `dead ${round}` });
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
      expect(all.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      expect(await readdir(folder)).toEqual(['sallyport.lock']);
    }
  });

  it('names the file that a process left which died while it took over', async () => {
    await write({ pid: 2 ** 22 + 1, started: '1', token: 'dead' });
    const claim = `sallyport.lock.stale-${createHash('sha256').update(await readFile(lock)).digest('hex').slice(0, 16)}`;
    await writeFile(join(folder, claim), '');
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'not_ready', message: expect.stringContaining(claim) });
    await rm(join(folder, claim));
    await (await lockFolder(folder))();
  });
});
