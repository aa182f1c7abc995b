import { setTimeout as pause } from 'node:timers/promises';
import type { AuditProgress } from '@sallyport/contracts';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import type { GatewayConnection } from '../../gateway-connection.js';
import type { ProgressBar } from '../../progress.js';

const POLL_MS = 500;
/** A server that restarts is back in less than this many polls. */
const MOST_FAILURES = 120;

/** Shows the progress of an audit until it has ended. A server that is away for a while is waited for; the audit goes on where it stopped. */
export async function followAudit(connection: GatewayConnection, id: string, { bar, signal }: { bar: ProgressBar; signal: AbortSignal }): Promise<AuditProgress> {
  for (let failures = 0; ; ) {
    const progress = await connection.get<AuditProgress>(`audits/${id}`).catch((error: unknown) => {
      failures += 1;
      if (!(error instanceof CliError) || error.exitCode !== EXIT.failed || failures > MOST_FAILURES) throw error;
      bar.update(undefined, 'waiting for the server', failures === 1 ? 0 : -1);
      return undefined;
    });
    if (progress) {
      failures = 0;
      bar.update(progress.total === 0 ? 1 : progress.done / progress.total, lineOf(progress));
      if (['completed', 'failed', 'cancelled'].includes(progress.status)) return progress;
    }
    await pause(POLL_MS, undefined, { signal });
  }
}

function lineOf({ status, done, total, rate, eta_s, flagged, failed }: AuditProgress): string {
  const left = eta_s === null ? '' : `, ${duration(eta_s)} left`;
  const state = status === 'running' || status === 'completed' ? '' : ` (${status})`;
  return `${number(done)} of ${number(total)} lines${state}, ${number(Math.round(rate))}/s${left}, ${number(flagged)} flagged, ${number(failed)} not checked`;
}

const number = (value: number): string => value.toLocaleString('en');

/** 3 h 20 min, 12 min 5 s, 40 s. */
export function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  if (hours > 0) return `${number(hours)} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`;
}
