import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SallyportError } from '@sallyport/contracts';
import type { JobQueue } from '@sallyport/pipeline';
import { BatchRepository, type BatchWork } from '@sallyport/storage';
import { FilesService } from '../files/files.service.js';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from '../gateway-options.js';
import { DurableJobs } from '../jobs/durable-jobs.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { BatchFilesWriter } from './batch-files.js';
import { BatchRequests } from './batch-requests.js';
import { validatedChunks } from './batch-validation.js';
import { runChunk } from './chunk-run.js';

/** One step of a batch: reading its file, running the lines of one chunk, or writing its results. */
export type BatchJob = { batchId: string } & ({ step: 'validate' | 'finish' } | { step: 'chunk'; ordinal: number });

/** Nest injection token of the batches' {@link JobQueue}. */
export const BATCH_JOBS = 'BATCH_JOBS';

/** Whether a batch is still in progress is asked at most this often per chunk. */
const ENDING_CHECK_MS = 500;
const POLL_MS = 200;
/** What belongs to no file is left alone for this long: another gateway may just be writing it. */
const ORPHAN_MS = 3_600_000;

/** Works on batches step by step. The status in the database says what is next, so that every step may run twice or be lost and nothing is. */
@Injectable()
export class BatchRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly work: DurableJobs<BatchJob>;

  constructor(
    @Inject(BATCH_JOBS) private readonly jobs: JobQueue<BatchJob>,
    @Inject(BatchRepository) private readonly batches: BatchRepository,
    @Inject(FilesService) private readonly files: FilesService,
    @Inject(BatchFilesWriter) private readonly writer: BatchFilesWriter,
    @Inject(BatchRequests) private readonly requests: BatchRequests,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) logger: GatewayLogger,
  ) {
    const { reconcileMs } = settings.batch;
    this.work = new DurableJobs({ name: 'batches', queue: jobs, logger, run: (job) => this.run(job).then(() => undefined), reconcile: () => this.reconcile(), reconcileMs });
  }

  onApplicationBootstrap(): Promise<void> {
    return this.work.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.work.stop();
  }

  /** Queues what is next for a batch. */
  async enqueue(batchId: string): Promise<void> {
    await this.jobs.add((await this.next(batchId)).map((data) => ({ id: `${batchId}-${data.step === 'chunk' ? data.ordinal : data.step}`, data })));
  }

  private async next(batchId: string): Promise<BatchJob[]> {
    const { status } = await this.batches.work(batchId);
    if (status === 'validating') return [{ batchId, step: 'validate' }];
    if (status === 'finalizing' || status === 'cancelling') return [{ batchId, step: 'finish' }];
    if (status !== 'in_progress') return [];
    const pending = await this.batches.pendingChunks(batchId, this.settings.batch.chunksQueued);
    return pending.map((ordinal) => ({ batchId, step: 'chunk', ordinal }));
  }

  private async reconcile(): Promise<void> {
    await this.batches.expire();
    await this.files.removeExpired();
    await this.files.sweep(ORPHAN_MS);
    for (const id of await this.batches.listUnfinished()) await this.enqueue(id);
  }

  private async run(job: BatchJob): Promise<void> {
    const batch = await this.batches.work(job.batchId);
    if (job.step === 'validate' && batch.status === 'validating') await this.validate(job.batchId, batch);
    if (job.step === 'chunk') await this.runChunk(job.batchId, job.ordinal, batch);
    if (job.step === 'finish') await this.finish(job.batchId);
    await this.enqueue(job.batchId);
  }

  private async validate(batchId: string, { endpoint, owner, inputFileId }: BatchWork): Promise<void> {
    const { chunkLines, maxRequests } = this.settings.batch;
    await this.batches.clearLines(batchId);
    try {
      const { bytes } = await this.files.content(owner, inputFileId);
      const chunks = validatedChunks(bytes, { endpoint, maxRequests, maxLineBytes: this.settings.jsonLimitBytes, chunkLines: chunkLines[endpoint] });
      await this.storeChunks(batchId, chunks);
    } catch (error) {
      const { code, message } = SallyportError.from(error);
      if (code !== 'file_not_found') throw error;
      await this.batches.fail(batchId, [{ code, message, param: 'input_file_id', line: null }]);
    }
  }

  private async storeChunks(batchId: string, chunks: ReturnType<typeof validatedChunks>): Promise<void> {
    let [ordinal, total] = [0, 0];
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (next.done) return next.value.length > 0 ? this.batches.fail(batchId, next.value) : this.batches.begin(batchId, { total, chunks: ordinal });
      if (!(await this.batches.addLines(batchId, ordinal, next.value))) return void (await chunks.return([]));
      ordinal += 1;
      total += next.value.length;
    }
  }

  private async runChunk(batchId: string, ordinal: number, { endpoint, keyId }: BatchWork): Promise<void> {
    const lines = await this.batches.claimChunk(batchId, ordinal);
    if (!lines) return;
    const { linesAtOnce, attempts, backoffMs } = this.settings.batch;
    const context = { endpoint, keyId, signal: this.work.stopped.signal };
    const outcome = await runChunk({ lines, context, requests: this.requests, ending: this.endingOf(batchId), linesAtOnce, attempts, backoffMs });
    await this.batches.completeChunk(batchId, ordinal, outcome);
    this.metrics.batched('completed', outcome.output.length);
    this.metrics.batched('failed', outcome.failures.length);
  }

  /** Asks the database now and then. */
  private endingOf(batchId: string): () => Promise<boolean> {
    let [askedAt, ending] = [Date.now(), false];
    return async () => {
      if (!ending && Date.now() - askedAt >= ENDING_CHECK_MS) {
        askedAt = Date.now();
        ending = (await this.batches.work(batchId)).status !== 'in_progress';
      }
      return ending;
    };
  }

  /** Waits for the lines under way, but not for those of a killed process. */
  private async finish(batchId: string): Promise<void> {
    const deadline = Date.now() + this.settings.batch.endingGraceMs;
    while (Date.now() < deadline && (await this.batches.runningChunks(batchId)) > 0) await sleep(POLL_MS, undefined, { signal: this.work.stopped.signal });
    const closed = await this.batches.close(batchId);
    if (closed) await this.writer.end(batchId, closed);
  }
}
