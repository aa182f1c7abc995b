import { createHash, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type BatchObject, SallyportError } from '@sallyport/contracts';
import { BatchRepository } from '@sallyport/storage';
import { FilesService } from '../files/files.service.js';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { type Page, pageOf } from '../http/page.js';
import type { CreateBatchDto } from './batch.dto.js';
import { BatchRunner } from './batch-runner.js';

/** Batches as their owners see them; the {@link BatchRunner} does the work. */
@Injectable()
export class BatchesService {
  constructor(
    @Inject(BatchRepository) private readonly batches: BatchRepository,
    @Inject(BatchRunner) private readonly runner: BatchRunner,
    @Inject(FilesService) private readonly files: FilesService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Stores the batch, then queues it. With an idempotency key that was used before: that batch, whatever became of its input file. */
  async create(body: CreateBatchDto, { owner, keyId }: { owner: string; keyId: string }): Promise<BatchObject> {
    const asked = { owner, idempotencyKey: body.idempotency_key ?? undefined, fingerprint: fingerprintOf(body) };
    const repeated = await this.batches.repeated(asked);
    if (repeated) return repeated;
    await this.requireInput(owner, body.input_file_id);
    const batch = await this.batches.create({
      ...asked, id: `batch_${randomUUID().replaceAll('-', '')}`, keyId, endpoint: body.endpoint, inputFileId: body.input_file_id, completionWindow: body.completion_window,
      metadata: body.metadata ?? undefined, outputExpiresAfterS: body.output_expires_after?.seconds, windowMs: this.settings.batch.windowMs,
    });
    await this.runner.enqueue(batch.id);
    return batch;
  }

  get(owner: string, id: string): Promise<BatchObject> {
    return this.batches.get(owner, id);
  }

  async list(owner: string, { limit, after }: { limit: number; after: string | undefined }): Promise<Page<BatchObject>> {
    return pageOf(await this.batches.list(owner, { limit: limit + 1, after }), limit);
  }

  async cancel(owner: string, id: string): Promise<BatchObject> {
    const batch = await this.batches.cancel(owner, id);
    await this.runner.enqueue(id);
    return batch;
  }

  private async requireInput(owner: string, id: string): Promise<void> {
    const file = await this.files.get(owner, id).catch((error: unknown) => {
      const { code, message } = SallyportError.from(error);
      throw code === 'file_not_found' ? new SallyportError(code, message, { param: 'input_file_id' }) : error;
    });
    if (file.purpose !== 'batch') throw new SallyportError('invalid_request', "The input file must have the purpose 'batch'.", { param: 'input_file_id' });
  }
}

/** The same for requests that ask for the same. */
function fingerprintOf(body: CreateBatchDto): string {
  const metadata = Object.entries(body.metadata ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  const asked = [body.input_file_id, body.endpoint, body.completion_window, metadata, body.output_expires_after?.seconds ?? null];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
