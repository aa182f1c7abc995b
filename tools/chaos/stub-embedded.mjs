// The one-process deployment with the stub in place of both models and no generator: gateway, PGlite, in-process transport, all real.
import 'reflect-metadata';
import { join } from 'node:path';
import { createGatewayApp, openGateway } from '../../apps/gateway/dist/index.js';
import { SERVICES } from '../../libs/contracts/dist/index.js';
import { InProcessBroker, serveAlone } from '../../libs/pipeline/dist/index.js';
import { loadConfig } from '../../libs/platform/dist/index.js';
import { ScreenModule } from '../../libs/screening/dist/index.js';
import { AuditRepository, openDatabase } from '../../libs/storage/dist/index.js';
import { costs, stubScreen } from './stub-screen.mjs';

const config = loadConfig();
const database = await openDatabase({ kind: 'pglite', folder: join(config.home, 'database') });
await new AuditRepository(database).failUnsealed();
const broker = new InProcessBroker();
for (const service of ['guard', 'prompt-guard']) await serveAlone(ScreenModule.register(stubScreen(service, costs())), { service, broker });
const clients = Object.fromEntries(SERVICES.map((service) => [service, broker.client(service)]));
const app = await createGatewayApp(await openGateway(config, { clients, database, jobs: { pglite: database.pool } }));
await app.listen(config.port, config.host);
console.log('embedded is ready');
