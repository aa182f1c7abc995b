import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { SallyportError } from '@sallyport/contracts';
import { lockFolder } from './folder-lock.js';
import { PglitePool } from './pglite-pool.js';

/** BullMQ's commands name no schema; ours always do. */
const SEARCH_PATH = 'SET search_path TO bullmq, public';

/** Opens the PGlite of a folder, creating it if missing; the folder stays locked for other processes until the pool ends. */
export async function openPglitePool(folder: string): Promise<PglitePool> {
  const absolute = resolve(folder);
  const data = join(absolute, 'data');
  await makeFolder(data, absolute);
  const unlock = await lockFolder(absolute);
  try {
    const db = await PGlite.create(data);
    await db.exec(SEARCH_PATH);
    return new PglitePool(db, unlock);
  } catch (error) {
    await unlock();
    throw new SallyportError('service_unavailable', `The database in ${absolute} could not be opened; the cause is in the service log.`, { cause: error });
  }
}

async function makeFolder(data: string, absolute: string): Promise<void> {
  try {
    await mkdir(data, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SallyportError('service_unavailable', `The database folder ${absolute} could not be created (${code}).`, { cause: error });
  }
}
