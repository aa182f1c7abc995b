import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { guarded } from './failures.js';
import { migrate } from './migrations/index.js';
import { openPglitePool } from './pglite/open-pglite.js';
import type { PgPoolLike } from './pool-types.js';
import { openPostgresPool } from './postgres-pool.js';
import { SCHEMA_NAME, type Schema } from './schema.js';

/** Where the data lives: a folder of this process alone, or a PostgreSQL server. */
export type DatabaseOptions = { kind: 'pglite'; folder: string } | { kind: 'postgres'; url: string };

/** An open, migrated database; `pool` may be shared with BullMQ, `close` ends it for all. */
export interface Database {
  kysely: Kysely<Schema>;
  pool: PgPoolLike;
  /** No other process can change what is in it. */
  exclusive: boolean;
  close(): Promise<void>;
}

/** Opens the database and brings its schema up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return guarded(async () => {
    const pool = options.kind === 'pglite' ? await openPglitePool(options.folder) : openPostgresPool(options.url);
    try {
      return await prepare(pool, options.kind === 'pglite');
    } catch (error) {
      await pool.end().catch(() => undefined);
      throw error;
    }
  });
}

async function prepare(pool: PgPoolLike, exclusive: boolean): Promise<Database> {
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: forKysely(pool) }) });
  await migrate(kysely);
  let closing: Promise<void> | undefined;
  return {
    kysely: kysely.withSchema(SCHEMA_NAME),
    pool,
    exclusive,
    close: () => (closing ??= pool.end()),
  };
}

/** Kysely's type also asks for cursors, which only its streaming uses and this library does not. */
function forKysely(pool: PgPoolLike): PostgresPool {
  return pool as unknown as PostgresPool;
}
