import { Inject, Injectable } from '@nestjs/common';
import type { AuditProgress } from '@sallyport/contracts';
import { AuditRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { AuditIntake } from './audit-intake.js';
import { AuditRunner } from './audit-runner.js';

const FINISHED: ReadonlySet<AuditProgress['status']> = new Set(['completed', 'failed', 'cancelled']);

/** Audits from upload to results. */
@Injectable()
export class AuditsService {
  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(AuditRunner) private readonly runner: AuditRunner,
    @Inject(AuditIntake) private readonly intake: AuditIntake,
  ) {}

  /** Takes in what the request brings and queues it. */
  async create(request: FastifyRequest): Promise<Pick<AuditProgress, 'id' | 'status'>> {
    const id = await this.intake.take(request);
    await this.runner.enqueue(id);
    return { id, status: (await this.audits.progress(id)).status };
  }

  get(owner: string, id: string): Promise<AuditProgress> {
    return this.audits.get(owner, id);
  }

  list(owner: string, limit: number): Promise<AuditProgress[]> {
    return this.audits.list(owner, limit);
  }

  /** Results so far as JSON lines. */
  async *resultLines(id: string): AsyncGenerator<string> {
    for await (const result of this.audits.results(id)) yield `${JSON.stringify(result)}\n`;
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
