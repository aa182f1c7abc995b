import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { AuditProgress } from '@sallyport/contracts';
import { AuditRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { FINISHED, progressEvents } from './audit-events.js';
import { PoliciesService } from '../policies/policies.service.js';
import { AuditIntake } from './intake/audit-intake.js';
import { type ResultsRequest, resultsFile } from './audit-results.js';
import { AuditRunner } from './running/audit-runner.js';

/** Audits from upload to results. */
@Injectable()
export class AuditsService implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();

  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(AuditRunner) private readonly runner: AuditRunner,
    @Inject(AuditIntake) private readonly intake: AuditIntake,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
  ) {}

  /** Takes in what the request brings and queues it. */
  async create(request: FastifyRequest): Promise<Pick<AuditProgress, 'id' | 'status'>> {
    const id = await this.intake.take(request);
    await this.runner.wake();
    return { id, status: (await this.audits.progress(id)).status };
  }

  get(owner: string, id: string): Promise<AuditProgress> {
    return this.audits.get(owner, id);
  }

  list(owner: string, limit: number): Promise<AuditProgress[]> {
    return this.audits.list(owner, limit);
  }

  /** Open event streams end, or the server would wait for them. */
  beforeApplicationShutdown(): void {
    this.closing.abort();
  }

  /** Progress as it changes, until the audit is finished; undefined where nothing changed for a while. */
  events(owner: string, id: string, signal: AbortSignal): AsyncGenerator<AuditProgress | undefined> {
    return progressEvents(() => this.audits.get(owner, id), this.settings.audit.events, AbortSignal.any([signal, this.closing.signal]));
  }

  /** Lines under way end, no more are begun. Throws `audit_state_conflict`, as the following do. */
  async pause(owner: string, id: string): Promise<AuditProgress> {
    await this.audits.pause(owner, id);
    return this.audits.get(owner, id);
  }

  async resume(owner: string, id: string): Promise<AuditProgress> {
    await this.audits.resume(owner, id);
    await this.runner.wake();
    return this.audits.get(owner, id);
  }

  /** Ends an audit; the results so far stay. */
  async cancel(owner: string, id: string): Promise<AuditProgress> {
    await this.audits.end(owner, id);
    return this.audits.get(owner, id);
  }

  /** Runs the lines again whose check failed, and no others. Throws also `nothing_to_retry`. */
  async retry(owner: string, id: string): Promise<AuditProgress> {
    await this.audits.retry(owner, id);
    await this.runner.wake();
    return this.audits.get(owner, id);
  }

  /** Results so far as a file; the categories of the audit's policy have columns in a table. */
  async resultsFile({ id, policy }: AuditProgress, request: ResultsRequest): Promise<AsyncIterable<string | Buffer>> {
    const { document } = await this.policies.resolve(policy);
    return resultsFile(this.audits.results(id), request, Object.keys(document.categories).filter((code) => /^[SO]\d+$/.test(code)));
  }

  /** Cancels what runs; removes what is finished, with its lines and results. */
  async remove(owner: string, id: string): Promise<{ id: string; status: 'cancelled' } | { id: string; deleted: true }> {
    const { status } = await this.audits.get(owner, id);
    if (FINISHED.has(status)) {
      await this.audits.delete(id);
      return { id, deleted: true };
    }
    await this.audits.cancel(id);
    return { id, status: 'cancelled' };
  }
}
