import pg from 'pg';
import type { PgPoolLike } from './pool-types.js';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;

/** Opens a pool of at most ten connections, fit for sharing with BullMQ: its schema is on the search path. */
export function openPostgresPool(url: string): PgPoolLike {
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: '-c search_path=bullmq,public',
  });
  pool.setMaxListeners(0);
  pool.on('error', () => undefined);
  // The pool listens to its idle clients alone; one that is in use when the server goes would end the process. Its query fails all the same.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
