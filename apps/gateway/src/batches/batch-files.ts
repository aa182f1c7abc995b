import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type BatchChunkOutcome, BatchRepository, type ClosedBatch, type NewFile } from '@sallyport/storage';
import { FileStore } from '../files/file-store.js';
import { unanswered } from './batch-requests.js';

/** Writes the files of a batch. Done again after a crash it writes the same files under the same ids. */
@Injectable()
export class BatchFilesWriter {
  constructor(@Inject(BatchRepository) private readonly batches: BatchRepository, @Inject(FileStore) private readonly store: FileStore) {}

  /** Writes both files, those that have lines, and ends the batch with them. */
  async end(batchId: string, closed: ClosedBatch): Promise<void> {
    const { ending } = closed;
    const failuresOf = (outcome: BatchChunkOutcome) => [...outcome.failures, ...(ending === 'completed' ? [] : outcome.unanswered.map((id) => JSON.stringify(unanswered(id, ending))))];
    const output = await this.write(batchId, 'output', closed, (outcome) => outcome.output);
    const errors = await this.write(batchId, 'error', closed, failuresOf);
    await this.batches.end(batchId, { output, errors });
  }

  private async write(batchId: string, kind: 'output' | 'error', closed: ClosedBatch, pick: (outcome: BatchChunkOutcome) => readonly string[]): Promise<NewFile | undefined> {
    const id = `file-${createHash('sha256').update(`${batchId}/${kind}`).digest('hex').slice(0, 32)}`;
    const bytes = closed.validated ? await this.store.write(id, linesOf(this.batches.outcomes(batchId), pick)) : 0;
    if (bytes > 0) return { id, owner: closed.owner, filename: `${batchId}_${kind}.jsonl`, bytes, purpose: 'batch_output', expiresAfterS: closed.outputExpiresAfterS };
    await this.store.remove(id);
    return undefined;
  }
}

async function* linesOf(outcomes: AsyncIterable<BatchChunkOutcome>, pick: (outcome: BatchChunkOutcome) => readonly string[]): AsyncGenerator<string> {
  for await (const outcome of outcomes) for (const line of pick(outcome)) yield `${line}\n`;
}
