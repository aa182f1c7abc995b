import type { AuditResult, PolicyVersion } from '@sallyport/contracts';
import { defaultSettings, GatewayMetrics, logChunks, screenChunk, ScreeningService } from '@sallyport/gateway';
import { openGuard } from '@sallyport/guard';
import { InProcessBroker, serveAlone } from '@sallyport/pipeline';
import type { SallyportConfig } from '@sallyport/platform';
import { openPromptGuard } from '@sallyport/prompt-guard';
import { ScreenModule } from '@sallyport/screening';
import { publicResult } from '@sallyport/storage';

const CHUNK_LINES = 64;

/** Both guards, loaded, without a server around them. */
export interface Moderator {
  /** Verdicts of JSON lines under a policy: one result per line, in order, as an audit gives them. */
  lines(source: AsyncIterable<Buffer>, policy: PolicyVersion): AsyncGenerator<AuditResult>;
  close(): Promise<void>;
}

/** Loads the guards that the configuration names; the caller closes them. */
export async function openModerator(config: SallyportConfig): Promise<Moderator> {
  const guards = await Promise.all([openGuard(config), openPromptGuard(config)]);
  const broker = new InProcessBroker();
  await serveAlone(ScreenModule.register(guards[0]), { service: 'guard', broker });
  await serveAlone(ScreenModule.register(guards[1]), { service: 'prompt-guard', broker });
  const screening = new ScreeningService(broker.client('guard'), broker.client('prompt-guard'), defaultSettings(), new GatewayMetrics());
  return { lines: (source, policy) => screened(screening, source, policy), close: async () => void (await Promise.all(guards.map((guard) => guard.close()))) };
}

async function* screened(screening: ScreeningService, source: AsyncIterable<Buffer>, policy: PolicyVersion): AsyncGenerator<AuditResult> {
  const { audit, batchScreenDeadlineMs } = defaultSettings();
  for await (const chunk of logChunks(source, { ...audit, chunkLines: CHUNK_LINES })) {
    const { results } = await screenChunk(screening, { chunk, policy, deadlineMs: batchScreenDeadlineMs, signal: new AbortController().signal });
    yield* results.map(publicResult);
  }
}

/** Verdicts of JSON lines; the guards are loaded first and closed at the end. */
export async function* moderateLines(config: SallyportConfig, source: AsyncIterable<Buffer>, policy: PolicyVersion): AsyncGenerator<AuditResult> {
  const moderator = await openModerator(config);
  try {
    yield* moderator.lines(source, policy);
  } finally {
    await moderator.close();
  }
}
