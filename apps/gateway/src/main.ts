import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import type { ServiceClient, ServiceName } from '@sallyport/contracts';
import { SERVICES } from '@sallyport/contracts';
import { RedisConnection } from '@sallyport/pipeline';
import { closeOnSignal, loadConfig, runMain } from '@sallyport/platform';
import { openDatabase } from '@sallyport/storage';
import { createGatewayApp } from './create-gateway-app.js';
import { openGateway } from './open-gateway.js';

// V8 would let garbage grow to several times what is alive before it collects the old generation: 390 MB instead of 230 in a long audit, for no more speed.
setFlagsFromString('--heap-growing-percent=60');

/** The gateway as a process of its own: Redis to the services, PostgreSQL for the data. */
await runMain('gateway', async () => {
  const config = loadConfig();
  if (config.databaseUrl === undefined) throw new Error('set DATABASE_URL: the gateway alone needs a PostgreSQL server. `npm start` runs without one.');
  const { redisUrl, queuePrefix: prefix } = config;
  const database = await openDatabase({ kind: 'postgres', url: config.databaseUrl });
  const connection = new RedisConnection({ redisUrl, prefix });
  const clients = Object.fromEntries(SERVICES.map((service) => [service, connection.client(service)])) as Record<ServiceName, ServiceClient>;
  const app = await createGatewayApp(await openGateway(config, { clients, database, jobs: { redisUrl, prefix } }));
  closeOnSignal(async () => {
    await app.close();
    await connection.close();
    await database.close();
  });
  await app.listen(config.port, config.host);
  console.error(`gateway listens on http://${config.host}:${config.port}`);
});
