// `node stub-service.mjs guard|prompt-guard`: a screening service on Redis with the stub in place of a model.
import 'reflect-metadata';
import { ScreenModule } from '../../libs/screening/dist/index.js';
import { serveAlone } from '../../libs/pipeline/dist/index.js';
import { costs, stubScreen } from './stub-screen.mjs';

const service = process.argv[2];
await serveAlone(ScreenModule.register(stubScreen(service, costs())), { service, redisUrl: process.env.REDIS_URL, prefix: process.env.SALLYPORT_QUEUE_PREFIX });
console.log(`${service} is ready`);
