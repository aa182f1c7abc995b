import { serveAlone } from '@sallyport/pipeline';
import { closeOnSignal, loadConfig, runMain, type SallyportConfig, serveHealth } from '@sallyport/platform';
import type { ScreenKind } from '@sallyport/contracts';
import type { Screen } from '../screen.js';
import { ScreenModule } from './screen.module.js';

/** The main function of a screening service that is a process of its own, on Redis. */
export function runScreenService(service: ScreenKind, open: (config: SallyportConfig) => Promise<Screen>): Promise<void> {
  return runMain(service, async () => {
    const config = loadConfig();
    const health = await serveHealth(config.healthPort);
    const screen = await open(config);
    const close = await serveAlone(ScreenModule.register(screen), { service, redisUrl: config.redisUrl, prefix: config.queuePrefix });
    closeOnSignal(async () => {
      await close();
      await screen.close();
      await health?.close();
    });
    health?.ready();
    console.error(`${service} is ready`);
  });
}
