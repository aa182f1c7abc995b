import 'reflect-metadata';
import { serveAlone } from '@sallyport/pipeline';
import { closeOnSignal, loadConfig, runMain, serveHealth } from '@sallyport/platform';
import { GeneratorModule } from './generator.module.js';
import { openGenerator } from './open-generator.js';

/** The generator as a process of its own, on Redis. */
await runMain('generator', async () => {
  const config = loadConfig();
  const health = await serveHealth(config.healthPort);
  const backends = await openGenerator(config);
  const close = await serveAlone(GeneratorModule.register(backends), { service: 'generator', redisUrl: config.redisUrl, prefix: config.queuePrefix });
  closeOnSignal(async () => {
    await close();
    await Promise.all(backends.map((backend) => backend.close()));
    await health?.close();
  });
  health?.ready();
  console.error('generator is ready');
});
