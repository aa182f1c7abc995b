import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeTransport } from '../conformance.fixture.js';
import { RedisConnection } from './redis-connection.js';
import { RedisServer } from './redis-server.js';

const redisUrl = 'redis://127.0.0.1:6379';

async function removeKeys(prefix: string): Promise<void> {
  const redis = new Redis(redisUrl);
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}

describeTransport('Redis transport', async () => {
  const prefix = `test-${randomUUID()}`;
  const connection = new RedisConnection({ redisUrl, prefix });
  const servers: RedisServer[] = [];
  return {
    client: connection.client('guard'),
    serve: async (handlers) => {
      const server = new RedisServer({ service: 'guard', redisUrl, prefix, handlers });
      servers.push(server);
      await server.start();
      return server;
    },
    close: async () => {
      await connection.close();
      await Promise.all(servers.map((server) => server.close()));
      await removeKeys(prefix);
    },
  };
});

/** A server in a process of its own, so that it can be killed; it takes a call up, prints, and works for `workMs`. */
function serverProcess(prefix: string, workMs: number): ChildProcess {
  const source = `
    import { RedisServer } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const handlers = {
      work: async (data) => { console.log('took'); await sleep(${workMs}); return data; },
      count: async function* () { for (let i = 0; i < 100; i++) { yield i; if (i === 3) console.log('took'); await sleep(${workMs} / 20); } },
    };
    await new RedisServer({ service: 'guard', redisUrl: ${JSON.stringify(redisUrl)}, prefix: ${JSON.stringify(prefix)}, handlers }).start();
    console.log('ready');`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function says(child: ChildProcess, word: string): Promise<void> {
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) if (String(chunk).includes(word)) return;
}

describe('Redis transport with processes that die', () => {
  let prefix: string;
  let connection: RedisConnection;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    prefix = `test-${randomUUID()}`;
    connection = new RedisConnection({ redisUrl, prefix });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await connection.close();
    await removeKeys(prefix);
  });

  it('keeps no replies that were read', async () => {
    const server = new RedisServer({ service: 'guard', redisUrl, prefix, handlers: { echo: async (data) => data } });
    await server.start();
    const client = connection.client('guard');
    for (let round = 0; round < 6; round++) await Promise.all(Array.from({ length: 50 }, () => client.call('echo', 'x'.repeat(2_000), { deadlineMs: 25_000 })));
    const redis = new Redis(redisUrl);
    const [inbox = ''] = await redis.keys(`${prefix}:inbox:*`);
    // Redis drops whole nodes of a stream, which hold a hundred entries at most.
    await vi.waitFor(async () => expect(await redis.xlen(inbox)).toBeLessThanOrEqual(100));
    redis.disconnect();
    await server.close();
  });

  it('runs the calls of a killed worker again on another', async () => {
    const victim = serverProcess(prefix, 30_000);
    children.push(victim);
    await says(victim, 'ready');
    const replies = Array.from({ length: 8 }, (_, i) => connection.client('guard').call('work', i, { deadlineMs: 25_000 }));
    await says(victim, 'took');
    const heir = serverProcess(prefix, 10);
    children.push(heir);
    await says(heir, 'ready');
    victim.kill('SIGKILL');
    expect(await Promise.all(replies)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('ends a stream with worker_lost when its worker is killed, never repeating items', async () => {
    const victim = serverProcess(prefix, 2_000);
    const heir = serverProcess(prefix, 2_000);
    children.push(victim, heir);
    await Promise.all([says(victim, 'ready'), says(heir, 'ready')]);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of connection.client('guard').stream<number>('count', null, { deadlineMs: 25_000 })) seen.push(item);
    })();
    reading.catch(() => undefined);
    const owner = await Promise.race([victim, heir].map(async (child) => { await says(child, 'took'); return child; }));
    await sleep(100);
    owner.kill('SIGKILL');
    await expect(reading).rejects.toMatchObject({ code: 'worker_lost' });
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i));
  });

  it('fails soon when the only worker dies', async () => {
    const victim = serverProcess(prefix, 30_000);
    children.push(victim);
    await says(victim, 'ready');
    const reply = connection.client('guard').call('work', 1, { deadlineMs: 30_000 });
    reply.catch(() => undefined);
    await says(victim, 'took');
    const exited = once(victim, 'exit');
    victim.kill('SIGKILL');
    await exited;
    const killedAt = performance.now();
    await expect(reply).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(performance.now() - killedAt).toBeLessThan(8_000);
  });

  it('fails soon when Redis cannot be reached', async () => {
    const nowhere = new RedisConnection({ redisUrl: 'redis://127.0.0.1:1', prefix });
    const started = performance.now();
    await expect(nowhere.client('guard').call('work', 1, { deadlineMs: 20_000 })).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(performance.now() - started).toBeLessThan(5_000);
    await nowhere.close();
  });
});
