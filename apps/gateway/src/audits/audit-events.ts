import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditProgress, type AuditStatus, SallyportError } from '@sallyport/contracts';

/** The statuses that an audit does not leave by itself. */
export const FINISHED: ReadonlySet<AuditStatus> = new Set(['completed', 'failed', 'cancelled']);

/** How often progress is asked for, and after how long a silence is broken. */
export interface EventTimes {
  pollMs: number;
  keepAliveMs: number;
}

/**
 * Progress whenever it has changed, until the audit is finished or removed; undefined where nothing was said for a while.
 * Throws what the first reading throws; a later one that fails is left out. Ends when the signal aborts.
 */
export async function* progressEvents(read: () => Promise<AuditProgress>, { pollMs, keepAliveMs }: EventTimes, signal: AbortSignal): AsyncGenerator<AuditProgress | undefined> {
  let [progress, quietMs] = [await read(), 0];
  yield progress;
  while (!FINISHED.has(progress.status) && (await paused(pollMs, signal))) {
    const next = await later(read);
    if (next === 'gone') return;
    quietMs += pollMs;
    if (next && differs(progress, next)) [progress, quietMs] = [next, 0];
    else if (quietMs < keepAliveMs) continue;
    yield quietMs === 0 ? progress : undefined;
    quietMs = 0;
  }
}

/** False when the signal aborted meanwhile. */
function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

async function later(read: () => Promise<AuditProgress>): Promise<AuditProgress | 'gone' | undefined> {
  return read().catch((error: unknown) => (SallyportError.from(error).code === 'audit_not_found' ? 'gone' : undefined));
}

/** Rate and time left change all the time; they go along with what else changes. */
function differs(one: AuditProgress, other: AuditProgress): boolean {
  const said = ({ status, total, done, failed, flagged }: AuditProgress) => [status, total, done, failed, flagged].join();
  return said(one) !== said(other);
}
