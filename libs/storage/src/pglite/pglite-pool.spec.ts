import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgNotificationLike } from '../pool-types.js';
import { PglitePool } from './pglite-pool.js';

let pool: PglitePool;
const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  pool = new PglitePool(await PGlite.create());
  await pool.query('CREATE TABLE log (who int, step int, at serial)');
});

afterAll(() => pool.end());

async function count(who: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM log WHERE who = $1', [who]);
  return rows[0]!.n;
}

async function transact(who: number, end: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN');
  for (let step = 0; step < 4; step++) {
    await client.query('INSERT INTO log (who, step) VALUES ($1, $2)', [who, step]);
    await tick(1);
  }
  await client.query(end);
  client.release();
}

describe('transactions on PglitePool', () => {
  it('are not interleaved with each other or with single queries', async () => {
    const transactions = Array.from({ length: 10 }, (_, i) => transact(100 + i, i % 3 === 2 ? 'ROLLBACK' : 'COMMIT'));
    const singles = Array.from({ length: 30 }, async (_, i) => {
      await tick(i);
      await pool.query('INSERT INTO log (who, step) VALUES (1, $1)', [i]);
    });
    await Promise.all([...transactions, ...singles]);
    expect(await count(1)).toBe(30);
    const { rows } = await pool.query<{ who: number; span: number; n: number }>('SELECT who, (max(at) - min(at))::int AS span, count(*)::int AS n FROM log WHERE who >= 100 GROUP BY who ORDER BY who');
    expect(rows.map((row) => row.who)).toEqual([100, 101, 103, 104, 106, 107, 109]);
    expect(rows.every((row) => row.n === 4 && row.span === 3)).toBe(true);
  });

  it('hide what is not committed until COMMIT', async () => {
    const client = await pool.connect();
    await client.query('-- a remark\n /* another */ BEGIN');
    await client.query('INSERT INTO log (who, step) VALUES (2, 1)');
    let seen = false;
    const outside = count(2).then((n) => {
      seen = true;
      return n;
    });
    await tick(20);
    expect(seen).toBe(false);
    await client.query('COMMIT');
    expect(await outside).toBe(1);
    client.release();
  });

  it('that are left open are rolled back on release, also behind queries that nobody awaited', async () => {
    const client = await pool.connect();
    void client.query('BEGIN');
    void client.query('INSERT INTO log (who, step) VALUES (3, 1)');
    client.release();
    expect(await count(3)).toBe(0);
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: 'internal_error' });
  });

  it('that failed do not keep the session', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await expect(client.query('SELEKT 1')).rejects.toMatchObject({ code: '42601' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    expect(await count(4)).toBe(0);
    client.release();
  });

  it('begun and ended within one text give the session back', async () => {
    await pool.query('BEGIN; INSERT INTO log (who, step) VALUES (5, 1); COMMIT');
    expect(await count(5)).toBe(1);
    await pool.query('BEGIN');
    expect(await count(5)).toBe(1);
  });
});

describe('notifications on PglitePool', () => {
  it('reach a listening client, when the transaction that sent them commits', async () => {
    const [listener, sender] = [await pool.connect(), await pool.connect()];
    const heard: PgNotificationLike[] = [];
    listener.on('notification', (message) => heard.push(message));
    await listener.query('LISTEN news');
    await sender.query('BEGIN');
    await sender.query("SELECT pg_notify('news', $1)", ['extra']);
    await tick(10);
    expect(heard).toEqual([]);
    await sender.query('COMMIT');
    await tick(10);
    expect(heard).toEqual([{ channel: 'news', payload: 'extra', processId: 0 }]);
    listener.release();
    await sender.query("NOTIFY news, 'late'");
    await tick(10);
    expect(heard).toHaveLength(1);
    sender.release();
  });
});

describe('the end of a PglitePool', () => {
  it('waits for what is under way, refuses what comes later, and runs once', async () => {
    let ended = 0;
    const own = new PglitePool(await PGlite.create(), async () => void ended++);
    const underWay = own.query('SELECT 1 AS one');
    await Promise.all([own.end(), own.end()]);
    expect((await underWay).rows).toEqual([{ one: 1 }]);
    await expect(own.query('SELECT 1')).rejects.toThrow('after calling end on the pool');
    expect(ended).toBe(1);
  });

  it('rolls a forgotten transaction back after a while', async () => {
    const own = new PglitePool(await PGlite.create(), undefined, 100);
    await (await own.connect()).query('BEGIN');
    await own.end();
    await expect(own.connect()).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
