import 'reflect-metadata';
import { serveAlone } from '@sallyport/pipeline';
import { closeOnSignal, loadConfig, runMain } from '@sallyport/platform';
import { GeneratorModule } from './generator.module.js';
import { openGenerator } from './open-generator.js';

/** The generator as a process of its own, on Redis. */
await runMain('generator', async () => {
  const config = loadConfig();
  const backends = await openGenerator(config);
  const close = await serveAlone(GeneratorModule.register(backends), { service: 'generator', redisUrl: config.redisUrl, prefix: config.queuePrefix });
  closeOnSignal(async () => {
    await close();
    await Promise.all(backends.map((backend) => backend.close()));
  });
  console.error('generator is ready');
});
