import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type AuditResult, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import type { JobAgain, JobQueue } from '@sallyport/pipeline';
import { AuditRepository, type TakenChunks } from '@sallyport/storage';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from '../../gateway-options.js';
import { DurableJobs } from '../../jobs/durable-jobs.js';
import { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { PoliciesService } from '../../policies/policies.service.js';
import { ScreeningService } from '../../screening/screening.service.js';
import { ChunkTries } from './chunk-tries.js';
import { TurnPace } from './turn-pace.js';

/** One job: a turn, in which a few chunks of whose turn it is are screened. The same few turns come again and again while there is something to do. */
export interface AuditJob {
  turn: string;
}

/** Nest injection token of the audits' {@link JobQueue}. */
export const AUDIT_JOBS = 'AUDIT_JOBS';

const MOST_BACKOFF_MS = 10_000;
const NOW: JobAgain = { afterMs: 0 };

/** Works on audits turn by turn. The database knows what is not done and whose turn it is; the queue never holds more than the turns. */
@Injectable()
export class AuditRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly work: DurableJobs<AuditJob>;
  private readonly tries: ChunkTries;
  private readonly pace: TurnPace;
  /** Of this process: until then no guard is asked, and how often in a row it was so. */
  private outage = { untilMs: 0, count: 0 };

  constructor(
    @Inject(AUDIT_JOBS) private readonly jobs: JobQueue<AuditJob>,
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ScreeningService) screening: ScreeningService,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {
    const { turnMs, chunksPerTurn: most, reconcileMs } = settings.audit;
    this.work = new DurableJobs({ name: 'audits', queue: jobs, logger, run: (job) => this.turn(job.turn), reconcile: () => this.reconcile(), reconcileMs });
    this.tries = new ChunkTries({ audits, screening, deadlineMs: settings.batchScreenDeadlineMs, signal: this.work.stopped.signal, onResults: (results) => this.count(results) });
    this.pace = new TurnPace({ turnMs, most });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.audits.freeAbandoned();
    await this.work.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.work.stop();
  }

  /** There is something new to do. */
  async wake(): Promise<void> {
    await this.queue(Array.from({ length: this.settings.audit.turns }, (_, at) => `turn-${at}`));
  }

  /** A turn that is queued or runs is left alone; one that was lost comes again, for only it goes on with what it has taken. */
  private async reconcile(): Promise<void> {
    const { open, taken } = await this.audits.turns();
    if (open) await this.wake();
    await this.queue(taken);
  }

  private async queue(turns: readonly string[]): Promise<void> {
    await this.jobs.add(turns.map((turn) => ({ id: turn, data: { turn } })));
  }

  private async turn(turn: string): Promise<JobAgain | undefined> {
    const waitMs = this.outage.untilMs - Date.now();
    if (waitMs > 0) return { afterMs: waitMs };
    const taken = await this.audits.take(turn, this.pace.chunks);
    if (!taken) return undefined;
    try {
      const policy = await this.policyOf(taken);
      return policy ? await this.screen(taken, policy, turn) : NOW;
    } catch (error) {
      // Another process may go on at once.
      if (this.work.stopped.signal.aborted) await this.audits.free(turn);
      throw error;
    }
  }

  /** Undefined after failing an audit that nothing can judge. */
  private async policyOf({ auditId, policy }: TakenChunks): Promise<PolicyVersion | undefined> {
    try {
      return await this.policies.resolve(policy);
    } catch (error) {
      const { code, message } = SallyportError.from(error);
      if (code !== 'policy_not_found') throw error;
      await this.audits.fail(auditId, code, message);
      return undefined;
    }
  }

  private async screen({ auditId, ordinals, tried }: TakenChunks, policy: PolicyVersion, turn: string): Promise<JobAgain> {
    const begunAt = performance.now();
    for (const ordinal of ordinals) {
      const end = await this.tries.run({ auditId, ordinal, turn, policy, tried });
      if (end.kind === 'outage') return this.rest(turn);
      if (end.kind === 'again') return this.comeBack(turn, { auditId, ordinal, tries: end.tries });
      if (end.lines > 0) this.outage = { untilMs: 0, count: 0 };
    }
    this.pace.measured(ordinals.length, performance.now() - begunAt);
    return NOW;
  }

  /** Nothing gets a verdict now: this process asks again later. */
  private async rest(turn: string): Promise<JobAgain> {
    await this.audits.free(turn);
    const restingMs = this.outage.untilMs - Date.now();
    // Another turn has just found the same.
    if (restingMs > 0) return { afterMs: restingMs };
    const afterMs = this.backoffMs(this.outage.count);
    this.outage = { untilMs: Date.now() + afterMs, count: this.outage.count + 1 };
    this.logger.warn({ code: 'guard_unavailable', afterMs }, 'audits wait for the guards');
    return { afterMs };
  }

  /** Keeps the one chunk that is to be tried again after a pause, and lets others take the rest. */
  private async comeBack(turn: string, { auditId, ordinal, tries }: { auditId: string; ordinal: number; tries: number }): Promise<JobAgain> {
    await this.audits.free(turn, { auditId, ordinal });
    this.logger.warn({ auditId, ordinal, attempt: tries, code: 'check_failed' }, 'audit chunk gave no verdict');
    return { afterMs: this.backoffMs(tries - 1) };
  }

  private backoffMs(doublings: number): number {
    return Math.min(MOST_BACKOFF_MS, this.settings.audit.backoffMs * 2 ** doublings);
  }

  private count(results: readonly AuditResult[]): void {
    const failed = results.filter((result) => result.error).length;
    this.metrics.audited('scored', results.length - failed);
    this.metrics.audited('error', failed);
  }
}
