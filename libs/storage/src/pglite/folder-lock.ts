import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SallyportError } from '@sallyport/contracts';

interface Owner {
  pid: number;
  /** Start time of the process where the system tells it: a pid alone returns after a restart of a container. */
  started: string;
  token: string;
}

const FILE = 'sallyport.lock';
const ATTEMPTS = 5;

/** Tokens of the locks that this process holds. */
const held = new Set<string>();

async function startTimeOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.pid === process.pid) return held.has(owner.token);
  if (!exists(owner.pid)) return false;
  const started = await startTimeOf(owner.pid);
  return owner.started === '' || started === '' || started === owner.started;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, started, token } = JSON.parse(text) as Partial<Owner>;
    return Number.isInteger(pid) ? { pid: pid as number, started: started ?? '', token: token ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** Creates the lock file with its content in one step; false when there is one already. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A second name for a stale lock: who makes it alone may remove that lock. */
const claimOn = (path: string, stale: string): string => `${path}.stale-${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`;

/**
 * Removes a stale lock; false when another process is at it, or has put its own there since. Only who holds the claim on this very content removes it, and while it lies there nobody can put another in its place:
 * so a lock that was taken a moment ago is never removed by one that read the stale lock before it.
 */
async function removeStale(path: string, stale: string): Promise<boolean> {
  const claim = claimOn(path, stale);
  if (!(await link(path, claim).then(() => true, () => false))) return false;
  const same = (await readText(claim)) === stale;
  if (same) await rm(path, { force: true });
  await rm(claim, { force: true });
  return same;
}

/** Takes the folder for this process and gives the function that frees it; throws `not_ready` while another holds it. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, FILE);
  const token = randomUUID();
  const content = JSON.stringify({ pid: process.pid, started: await startTimeOf(process.pid), token } satisfies Owner);
  held.add(token);
  let text: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await createWhole(path, content)) return () => unlock(path, token, content);
    text = await readText(path);
    const owner = parseOwner(text ?? '');
    if (owner !== undefined && (await isAlive(owner))) {
      held.delete(token);
      throw new SallyportError('not_ready', `The database folder ${folder} is in use by process ${owner.pid}; stop it first or choose another folder.`);
    }
    if (text !== undefined && (await removeStale(path, text)) && (await createWhole(path, content))) return () => unlock(path, token, content);
  }
  held.delete(token);
  const remedy = text === undefined ? '' : ` If none is, delete ${basename(claimOn(path, text))} in it, which one left that ended in between.`;
  throw new SallyportError('not_ready', `The database folder ${folder} could not be locked: other processes are taking it at the same time.${remedy}`);
}

async function unlock(path: string, token: string, content: string): Promise<void> {
  if ((await readText(path)) === content) await rm(path, { force: true });
  held.delete(token);
}
