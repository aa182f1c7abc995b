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
  pool.on('connect', (client) => {
    // The pool listens to its idle clients alone; one that is in use when the server goes would end the process. Its query fails all the same.
    client.on('error', () => undefined);
    client.connection.on('errorMessage', (error) => void (endsSession(error) && client.end()));
  });
  return pool;
}

/**
 * Whether the server closes the connection after this error. To pg it is a failed query like any other, after which the pool would lend the
 * dying connection once more; a client that is ending is not lent. The severity may be in the server's language, the codes are not.
 */
function endsSession({ severity, code = '' }: pg.DatabaseError): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || /^(?:08|57P|25P0[34])/.test(code);
}
