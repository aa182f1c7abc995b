// What chaos is done to: processes, how each is killed, and how all are ended.
import { join } from 'node:path';
import pg from 'pg';
import { freePort, node, openPostgres, openRedis, until } from './servers.mjs';

const SHARED_REDIS = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const SHARED_POSTGRES = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
/** Without verdicts remembered, every line is screened again. */
const FRESH = { SALLYPORT_VERDICT_CACHE_ENTRIES: '0' };

async function administrate(url, statement) {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** Gateway, two guards, two prompt guards, Redis, PostgreSQL; without servers of its own, those that are shared lose connections at most. */
export async function openDistributed(folder, env, { models = 'stub' } = {}) {
  const [redis, postgres, port] = [await openRedis(folder), await openPostgres(folder), await freePort()];
  const server = postgres?.url ?? SHARED_POSTGRES;
  await until('PostgreSQL', () => administrate(server, 'SELECT 1').then(() => true));
  const name = `sallyport_chaos_${process.pid}`;
  await administrate(server, `CREATE DATABASE ${name}`);
  const database = new URL(server);
  database.pathname = `/${name}`;
  const shared = { ...FRESH, ...env, REDIS_URL: redis?.url ?? SHARED_REDIS, DATABASE_URL: database.href, SALLYPORT_QUEUE_PREFIX: name, SALLYPORT_HOME: join(folder, 'home'), SALLYPORT_MODE: 'distributed', PORT: String(port) };
  const guards = (models === 'stub' ? ['guard', 'guard', 'prompt-guard', 'prompt-guard'] : ['guard', 'prompt-guard']).map((service) => (models === 'stub' ? node(service, 'tools/chaos/stub-service.mjs', [service], shared) : node(service, `apps/${service}/dist/main.js`, [], shared)));
  const gateway = node('gateway', 'apps/gateway/dist/main.js', [], shared);
  const url = `http://127.0.0.1:${port}`;
  await until('the gateway', async () => (await fetch(`${url}/health/live`)).ok);
  const servers = [gateway, ...guards, ...(redis ? [redis.server] : []), ...(postgres ? [postgres.server] : [])];
  let turn = 0;
  await until('the guards', async () => guards.every(({ output }) => output.includes('is ready')));
  return {
    url, gateway, redis, connections: { redisUrl: shared.REDIS_URL, prefix: name }, pause: { least: 800, more: 2_500 },
    victims: {
      guard: async () => guards[turn++ % guards.length].kill(),
      gateway: async () => gateway.kill(),
      ...(redis ? { redis: async () => redis.server.kill() } : {}),
      connections: async () => administrate(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`).catch(() => undefined),
      ...(postgres ? { postgres: async () => postgres.server.kill('SIGQUIT') } : {}),
    },
    logs: () => servers.map((one) => `--- ${one.name}\n${one.output.slice(-1_500)}`).join('\n'),
    async close() {
      for (const one of servers.slice(0, 1 + guards.length)) await one.stop();
      if (!postgres) await administrate(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      for (const one of servers.slice(1 + guards.length)) await one.stop();
    },
  };
}

/** One process with everything in it. */
export async function openEmbedded(folder, env) {
  const port = await freePort();
  const server = node('embedded', 'tools/chaos/stub-embedded.mjs', [], { ...FRESH, ...env, SALLYPORT_HOME: join(folder, 'home'), PORT: String(port) });
  const url = `http://127.0.0.1:${port}`;
  const live = () => until('the gateway', async () => (await fetch(`${url}/health/live`)).ok);
  await live();
  return {
    url, pause: { least: 1_000, more: 3_000 },
    // One that is still starting has nothing to lose.
    victims: { process: async () => { await live(); server.kill(); } },
    logs: () => server.output,
    close: () => server.stop(),
  };
}
