import { join } from 'node:path';
import { createGatewayApp, openGateway } from '@sallyport/gateway';
import { GeneratorModule, openGenerator } from '@sallyport/generator';
import { openGuard } from '@sallyport/guard';
import { SERVICES, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import { InProcessBroker, serveAlone } from '@sallyport/pipeline';
import type { SallyportConfig } from '@sallyport/platform';
import { openPromptGuard } from '@sallyport/prompt-guard';
import { ScreenModule } from '@sallyport/screening';
import { AuditRepository, type Database, openDatabase } from '@sallyport/storage';

/** The one-process deployment: the four services on an in-process transport, PGlite on disk, audit jobs in the same database. */
export interface EmbeddedServer {
  url: string;
  close(): Promise<void>;
}

/** What is told while the server starts. */
export interface StartOptions {
  onProgress?: Parameters<typeof openGenerator>[1];
  /** Starts no generator: for what only screens. */
  withoutGenerator?: boolean;
  /** Guards, and prompt guards, of each kind that share the load; with more than one, each runs on one thread. Default 1. */
  workers?: number;
}

/** Starts everything; whatever opened is closed again when something later cannot. */
export async function startEmbedded(config: SallyportConfig, options: StartOptions = {}): Promise<EmbeddedServer> {
  const closers: Array<() => Promise<unknown>> = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const database = await openStore(config);
    closers.push(() => database.close());
    const broker = new InProcessBroker();
    await startServices(config, { broker, closers, options });
    const clients = Object.fromEntries(SERVICES.map((service) => [service, broker.client(service)])) as Record<ServiceName, ServiceClient>;
    const jobs = config.databaseUrl === undefined ? { pglite: database.pool } : { redisUrl: config.redisUrl, prefix: config.queuePrefix };
    const app = await createGatewayApp(await openGateway(config, { clients, database, jobs, ...(options.workers === undefined ? {} : { auditChunksAtOnce: options.workers + 1 }) }));
    closers.push(() => app.close());
    await app.listen(config.port, config.host);
    return { url: await app.getUrl(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Uploads that a restart cut off can never be completed, and only this process could have been receiving them. */
async function openStore(config: SallyportConfig): Promise<Database> {
  const database = await openDatabase(config.databaseUrl === undefined ? { kind: 'pglite', folder: join(config.home, 'database') } : { kind: 'postgres', url: config.databaseUrl });
  if (config.databaseUrl === undefined) await new AuditRepository(database).failUnsealed();
  return database;
}

interface Services {
  broker: InProcessBroker;
  closers: Array<() => Promise<unknown>>;
  options: StartOptions;
}

async function startServices(config: SallyportConfig, { broker, closers, options }: Services): Promise<void> {
  // Each is noted as soon as it is open: when another one cannot be opened, this one must still be closed.
  const noted = async <Service extends { close(): Promise<void> }>(opening: Promise<Service>): Promise<Service> => {
    const service = await opening;
    closers.push(() => service.close());
    return service;
  };
  const workers = Array.from({ length: options.workers ?? 1 });
  const share = workers.length > 1 ? { ...config, threads: 1 } : config;
  const guards = workers.map(() => noted(openGuard(share)));
  const promptGuards = workers.map(() => noted(openPromptGuard(share)));
  const generator = options.withoutGenerator ? undefined : openBackends(config, { closers, options });
  await Promise.allSettled([...guards, ...promptGuards, generator]);
  for (const guard of await Promise.all(guards)) closers.push(await serveAlone(ScreenModule.register(guard), { service: 'guard', broker }));
  for (const guard of await Promise.all(promptGuards)) closers.push(await serveAlone(ScreenModule.register(guard), { service: 'prompt-guard', broker }));
  if (generator) closers.push(await serveAlone(GeneratorModule.register(await generator), { service: 'generator', broker }));
}

async function openBackends(config: SallyportConfig, { closers, options }: Omit<Services, 'broker'>) {
  const backends = await openGenerator(config, options.onProgress);
  closers.push(...backends.map((backend) => () => backend.close()));
  return backends;
}
