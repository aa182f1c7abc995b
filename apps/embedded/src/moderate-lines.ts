import type { AuditResult, PolicyVersion } from '@sallyport/contracts';
import { defaultSettings, GatewayMetrics, lineChunks, ndjsonLines, screenChunk, ScreeningService } from '@sallyport/gateway';
import { openGuard } from '@sallyport/guard';
import { InProcessBroker, serveAlone } from '@sallyport/pipeline';
import type { SallyportConfig } from '@sallyport/platform';
import { openPromptGuard } from '@sallyport/prompt-guard';
import { ScreenModule } from '@sallyport/screening';

const CHUNK_LINES = 64;

/** Verdicts of JSON lines without a server: one result per line, in order, as an audit gives them. The guards are loaded first and closed at the end. */
export async function* moderateLines(config: SallyportConfig, source: AsyncIterable<Buffer>, policy: PolicyVersion): AsyncGenerator<AuditResult> {
  const { maxLineBytes } = defaultSettings().audit;
  const [guard, promptGuard] = await Promise.all([openGuard(config), openPromptGuard(config)]);
  try {
    const broker = new InProcessBroker();
    await serveAlone(ScreenModule.register(guard), { service: 'guard', broker });
    await serveAlone(ScreenModule.register(promptGuard), { service: 'prompt-guard', broker });
    const screening = new ScreeningService(broker.client('guard'), broker.client('prompt-guard'), defaultSettings(), new GatewayMetrics());
    for await (const chunk of lineChunks(ndjsonLines(source, maxLineBytes), CHUNK_LINES)) {
      const { results } = await screenChunk(screening, { chunk, policy, deadlineMs: defaultSettings().batchScreenDeadlineMs, signal: new AbortController().signal });
      yield* results;
    }
  } finally {
    await Promise.all([guard.close(), promptGuard.close()]);
  }
}
