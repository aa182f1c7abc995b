import { randomUUID } from 'node:crypto';
import { PATTERNS, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import { RedisConnection, RedisServer } from '@sallyport/pipeline';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { itNeverLeaks } from './no-leak-suite.fixture.js';

const redisUrl = 'redis://127.0.0.1:6379';
const DEADLINE_MS = 60_000;

describe('streamed answers, services behind Redis', () => {
  const prefix = `test-${randomUUID()}`;
  const servers: RedisServer[] = [];
  let connection: RedisConnection;
  let gateway: TestGateway;

  /** The fake answers messages from Redis; the gateway gets the client that sends them there. */
  async function behindRedis(service: ServiceName, fake: ServiceClient): Promise<ServiceClient> {
    const handlers = {
      [PATTERNS.describe]: (data: unknown) => fake.call(PATTERNS.describe, data, { deadlineMs: DEADLINE_MS }),
      [PATTERNS.screen]: (data: unknown, { signal }: { signal: AbortSignal }) => fake.call(PATTERNS.screen, data, { deadlineMs: DEADLINE_MS, signal }),
      [PATTERNS.generate]: (data: unknown, { signal }: { signal: AbortSignal }) => fake.stream(PATTERNS.generate, data, { deadlineMs: DEADLINE_MS, signal }),
    };
    const server = new RedisServer({ service, redisUrl, prefix, handlers });
    servers.push(server);
    await server.start();
    return connection.client(service);
  }

  beforeAll(async () => {
    connection = new RedisConnection({ redisUrl, prefix });
    gateway = await openTestGateway({ screenDeadlineMs: DEADLINE_MS, generateDeadlineMs: DEADLINE_MS }, { clientsOf: async ({ guard, promptGuard, generator }) => ({
      guard: await behindRedis('guard', guard),
      'prompt-guard': await behindRedis('prompt-guard', promptGuard),
      generator: await behindRedis('generator', generator),
    }) });
  }, 180_000);
  afterAll(async () => {
    await gateway.close();
    await connection.close();
    await Promise.all(servers.map((server) => server.close()));
    const redis = new Redis(redisUrl);
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    redis.disconnect();
  });

  itNeverLeaks(() => gateway, 25);
});
