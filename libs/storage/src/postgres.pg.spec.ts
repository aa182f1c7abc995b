import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBullmq } from './bullmq.fixture.js';
import { openDatabase, type Database } from './database.js';
import { describeRepositories } from './repositories.fixture.js';

const SERVER = 'postgres://postgres@127.0.0.1:5432';
const scratch = `sallyport_${randomUUID().replaceAll('-', '')}`;
let database: Database;

async function administer(statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: `${SERVER}/postgres` });
  await client.connect();
  const { rowCount } = await client.query(statement);
  await client.end();
  return rowCount ?? 0;
}

/** A connection still closing when its database is dropped would print a termination error. */
async function untilDisconnected(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await administer(`SELECT 1 FROM pg_stat_activity WHERE datname = '${scratch}'`)) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  await administer(`CREATE DATABASE ${scratch}`);
  const opened = await Promise.all([0, 1, 2].map(() => openDatabase({ kind: 'postgres', url: `${SERVER}/${scratch}` })));
  database = opened[0]!;
  await Promise.all(opened.slice(1).map((other) => other.close()));
});

afterAll(async () => {
  await database?.close();
  await untilDisconnected();
  await administer(`DROP DATABASE IF EXISTS ${scratch} WITH (FORCE)`);
});

describe('on PostgreSQL', () => {
  describeRepositories(() => database);
  describeBullmq(() => database, { events: false });
});

describe('a PostgreSQL server', () => {
  it('that ends a connection in the middle of a transaction fails that one, and the pool works on', async () => {
    const client = await database.pool.connect();
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const failed = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow();
    await administer(`SELECT pg_terminate_backend(${(rows[0] as { pid: number }).pid})`);
    await failed;
    client.release();
    expect((await database.pool.query('SELECT 7 AS n')).rows).toEqual([{ n: 7 }]);
  });

  it('that does not answer is service_unavailable, and the URL stays out of the message', async () => {
    const failure = await openDatabase({ kind: 'postgres', url: 'postgres://me:hunter2@127.0.0.1:1/none' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'SallyportError', code: 'service_unavailable' });
    expect(String(failure)).not.toContain('hunter2');
  });
});
