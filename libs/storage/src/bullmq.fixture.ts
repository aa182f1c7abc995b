import { createPostgresBackend, Queue, QueueEvents, runMigrations, setDefaultBackendFactory, Worker } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { AuditRepository } from './audit-repository.js';
import type { Database } from './database.js';

const BUSY_MS = 20;
const POLL_MS = 20;

async function prepare(database: Database): Promise<void> {
  setDefaultBackendFactory(createPostgresBackend as never);
  const client = await database.pool.connect();
  try {
    await runMigrations(client, 'bullmq');
  } finally {
    client.release();
  }
}

async function untilCompleted(audits: AuditRepository, id: string): Promise<void> {
  while ((await audits.progress(id)).status !== 'completed') await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** BullMQ and the repositories on one pool at the same time; `events: false` where BullMQ loses finish events (real PostgreSQL, BullMQ 6.7). */
export function describeBullmq(open: () => Database, { events: reliable }: { events: boolean }): void {
  describe('BullMQ on the same pool', () => {
    it('runs jobs that write to the repositories, and reports them', async () => {
      await prepare(open());
      const connection = open().pool as never;
      const audits = new AuditRepository(open());
      await audits.create({ id: 'queued', owner: 'tenant', policyId: 'default', policyVersion: 1 });
      for (let ordinal = 0; ordinal < 12; ordinal++) await audits.addChunk('queued', { ordinal, firstLine: ordinal + 1, lines: ['x'] });
      await audits.seal('queued', 12);

      const queue = new Queue<{ ordinal: number }>('audits', { connection });
      const events = new QueueEvents('audits', { connection });
      const screen = async ({ data: { ordinal } }: { data: { ordinal: number } }) => {
        const { firstLine } = await audits.loadChunk('queued', ordinal);
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
        await audits.completeChunk('queued', ordinal, [{ line: firstLine }], { failed: 0, flagged: 0 });
        return firstLine;
      };
      const worker = new Worker<{ ordinal: number }>('audits', screen, { connection, concurrency: 4 });
      try {
        await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);
        const jobs = await Promise.all(Array.from({ length: 12 }, (_, ordinal) => queue.add('chunk', { ordinal }, { removeOnComplete: { age: 60 } })));
        if (reliable) {
          const done = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20_000)));
          expect(done).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
        }
        await untilCompleted(audits, 'queued');
        expect(await audits.progress('queued')).toMatchObject({ status: 'completed', done: 12 });
      } finally {
        await Promise.all([worker.close(), events.close(), queue.close()]);
        setDefaultBackendFactory();
      }
    });
  });
}
