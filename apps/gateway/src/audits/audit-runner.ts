import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SallyportError } from '@sallyport/contracts';
import type { JobQueue, JobTry } from '@sallyport/pipeline';
import { AuditRepository } from '@sallyport/storage';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from '../gateway-options.js';
import { DurableJobs } from '../jobs/durable-jobs.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { PoliciesService } from '../policies/policies.service.js';
import { ScreeningService } from '../screening/screening.service.js';
import { type LineChunk, screenChunk } from './audit-screening.js';
import { FirstResults } from './first-results.js';

/** One job: the lines of one chunk. */
export interface AuditJob {
  auditId: string;
  ordinal: number;
}

/** Nest injection token of the audits' {@link JobQueue}. */
export const AUDIT_JOBS = 'AUDIT_JOBS';

/** Missing jobs of unfinished audits are queued again this often; a chunk whose job is there is left alone. */
const RECONCILE_MS = 30_000;

/** Works on audits chunk by chunk. The database knows which chunks are done, so a chunk that is run twice still counts once. */
@Injectable()
export class AuditRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly work: DurableJobs<AuditJob>;
  private readonly firsts: FirstResults;

  constructor(
    @Inject(AUDIT_JOBS) private readonly jobs: JobQueue<AuditJob>,
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ScreeningService) private readonly screening: ScreeningService,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) logger: GatewayLogger,
  ) {
    this.firsts = new FirstResults(audits);
    this.work = new DurableJobs({ name: 'audits', queue: jobs, logger, run: (job, attempt) => this.run(job, attempt), reconcile: () => this.reconcile(), reconcileMs: RECONCILE_MS });
  }

  onApplicationBootstrap(): Promise<void> {
    return this.work.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.work.stop();
  }

  /** Queues every chunk of an audit that is not done. */
  async enqueue(auditId: string): Promise<void> {
    const pending = await this.audits.pendingChunks(auditId);
    await this.jobs.add(pending.map((ordinal) => ({ id: `${auditId}-${ordinal}`, data: { auditId, ordinal } })));
  }

  private async reconcile(): Promise<void> {
    for (const id of await this.audits.listIncomplete()) await this.enqueue(id);
  }

  private async run({ auditId, ordinal }: AuditJob, attempt: JobTry): Promise<void> {
    try {
      const { status, policy } = await this.audits.work(auditId);
      if (status === 'cancelled' || status === 'failed' || status === 'completed') return;
      await this.audits.start(auditId);
      await this.screen({ auditId, ordinal }, policy, attempt);
    } catch (error) {
      if (SallyportError.from(error).code !== 'audit_not_found') throw error;
    }
  }

  private async screen({ auditId, ordinal }: AuditJob, policyReference: string, attempt: JobTry): Promise<void> {
    const chunk = await this.audits.loadChunk(auditId, ordinal);
    if (chunk.done) return;
    await this.firsts.during({ auditId, firstLine: chunk.firstLine, lines: chunk.lines.length }, () => this.screenLines({ auditId, ordinal }, { chunk, policyReference, attempt }));
  }

  private async screenLines({ auditId, ordinal }: AuditJob, { chunk, policyReference, attempt }: { chunk: LineChunk; policyReference: string; attempt: JobTry }): Promise<void> {
    const policy = await this.policies.resolve(policyReference);
    const firstOf = (number: number) => this.firsts.of(auditId, number, chunk.firstLine);
    const { results, scores, unavailable } = await screenChunk(this.screening, { chunk, policy, deadlineMs: this.settings.batchScreenDeadlineMs, signal: this.work.stopped.signal, firstOf });
    if (unavailable && !attempt.last) throw new SallyportError('guard_unavailable', 'A check of this chunk gave no verdict; it is tried again.');
    const failed = results.filter((result) => result.error).length;
    const flagged = results.filter((result) => !result.error && result.decision !== 'allow').length;
    await this.audits.completeChunk(auditId, ordinal, results, { failed, flagged }, scores);
    this.metrics.audited('scored', results.length - failed);
    this.metrics.audited('error', failed);
  }
}
