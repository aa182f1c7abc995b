import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { readAudit, type StoredChunk, storedChunks } from '@sallyport/audit-formats';
import { SallyportError } from '@sallyport/contracts';
import { AuditRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../../gateway-options.js';
import { keyIdOf } from '../../http/key-id.js';
import { ownerOf } from '../../http/owner.js';
import { PoliciesService } from '../../policies/policies.service.js';
import { type AuditInput, openAuditInput } from './audit-input.js';
import { AuditSpool } from './audit-spool.js';

/** Characters at which a chunk is full, however few its lines are. */
const CHUNK_CHARS = 4 * 1024 * 1024;
/** Chunks that are stored in one transaction, unless they have as many characters as a full one. */
const CHUNKS_PER_WRITE = 10;

/** Takes in what an audit is made from. */
@Injectable()
export class AuditIntake implements OnApplicationBootstrap {
  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(AuditSpool) private readonly spool: AuditSpool,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.spool.clean();
  }

  /** Stores the lines of a request and gives the audit's id. What cannot be read leaves a failed audit without lines, never half an audit that looks whole. */
  async take(request: FastifyRequest): Promise<string> {
    try {
      return await this.store(request, await openAuditInput(request, this.settings));
    } catch (error) {
      // Whoever still sends is let finish, else it would never read the answer.
      request.raw.unpipe();
      request.raw.resume();
      throw malformed(error) ?? error;
    }
  }

  private async store(request: FastifyRequest, input: AuditInput): Promise<string> {
    const { options } = input;
    const policy = await this.policies.choose({ requested: options.policy, keyId: keyIdOf(request), route: 'audits' });
    const id = `audit_${randomUUID().replaceAll('-', '')}`;
    await this.audits.create({ id, owner: ownerOf(request, this.settings), policyId: policy.id, policyVersion: policy.version, priority: options.priority, retainText: options.retain_text, options: JSON.stringify(options) });
    try {
      await this.storeLines(id, input);
    } catch (error) {
      await this.discard(id, error);
      throw error;
    }
    return id;
  }

  private async storeLines(id: string, { bytes, options, expected, finish }: AuditInput): Promise<void> {
    const { chunkLines, maxLineBytes, unpack } = this.settings.audit;
    const spool = this.spool.open();
    try {
      const source = await readAudit(bytes, options, { maxRecordBytes: maxLineBytes, unpack, spool: (kept) => spool.keep(kept), ...(expected ? { expected } : {}) });
      const chunks = storedChunks(source.lines, { maxLines: chunkLines, maxChars: CHUNK_CHARS, dedupe: options.dedupe ?? false });
      const total = await this.storeChunks(id, chunks);
      await finish();
      await this.audits.seal(id, total, source.skipped());
    } finally {
      await spool.release();
    }
  }

  /** Several chunks in a transaction; gives the number of lines. */
  private async storeChunks(id: string, chunks: AsyncIterable<StoredChunk>): Promise<number> {
    let [total, waiting, chars] = [0, [] as StoredChunk[], 0];
    for await (const chunk of chunks) {
      waiting.push(chunk);
      total += chunk.lines.length;
      chars += chunk.lines.reduce((sum, line) => sum + line.length, 0);
      if (waiting.length < CHUNKS_PER_WRITE && chars < CHUNK_CHARS) continue;
      await this.audits.addChunks(id, waiting);
      [waiting, chars] = [[], 0];
    }
    await this.audits.addChunks(id, waiting);
    return total;
  }

  private async discard(id: string, error: unknown): Promise<void> {
    const { code, message } = malformed(error) ?? SallyportError.from(error);
    await this.audits.fail(id, code, message);
    await this.audits.discardLines(id);
  }
}

/** The form parser's own errors have no code; their text may quote the form. */
function malformed(error: unknown): SallyportError | undefined {
  if (error instanceof Error && !('code' in error) && /multipart|form|part/i.test(error.message)) return new SallyportError('invalid_request', 'The body is not a complete multipart form.');
  return undefined;
}
