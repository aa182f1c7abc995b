import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type AuditProgress, SallyportError } from '@sallyport/contracts';
import { AuditRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { keyIdOf } from '../http/key-id.js';
import { ownerOf } from '../http/owner.js';
import { PoliciesService } from '../policies/policies.service.js';
import { AuditRunner } from './audit-runner.js';
import { openAuditUpload } from './audit-upload.js';
import { lineChunks } from './line-chunks.js';
import { ndjsonLines } from './ndjson-lines.js';

const FINISHED: ReadonlySet<AuditProgress['status']> = new Set(['completed', 'failed', 'cancelled']);

/** Audits from upload to results. */
@Injectable()
export class AuditsService {
  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(AuditRunner) private readonly runner: AuditRunner,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Stores the upload line by line and queues it. A broken upload leaves a failed audit, never half an audit that looks whole. */
  async create(request: FastifyRequest, policyReference: string | undefined): Promise<Pick<AuditProgress, 'id' | 'status'>> {
    const upload = await openAuditUpload(request, this.settings.auditLimitBytes);
    const policy = await this.policies.choose({ requested: policyReference ?? upload.policy, keyId: keyIdOf(request), route: 'audits' });
    const id = `audit_${randomUUID().replaceAll('-', '')}`;
    await this.audits.create({ id, owner: ownerOf(request, this.settings), policyId: policy.id, policyVersion: policy.version });
    try {
      await this.audits.seal(id, await this.store(id, upload.bytes));
    } catch (error) {
      const { code, message } = SallyportError.from(error);
      await this.audits.fail(id, code, message);
      throw error;
    }
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

  /** Number of lines stored. */
  private async store(auditId: string, bytes: AsyncIterable<Buffer>): Promise<number> {
    const { chunkLines, maxLineBytes } = this.settings.audit;
    let [ordinal, total] = [0, 0];
    for await (const chunk of lineChunks(ndjsonLines(bytes, maxLineBytes), chunkLines)) {
      await this.audits.addChunk(auditId, { ordinal, ...chunk });
      ordinal += 1;
      total += chunk.lines.length;
    }
    return total;
  }
}
