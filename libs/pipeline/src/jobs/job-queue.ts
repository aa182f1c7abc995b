import { createPostgresBackend, Queue, type QueueOptions, runMigrations, Worker, type WorkerOptions } from 'bullmq';
import { connect, DEFAULT_PREFIX } from '../redis/protocol.js';

/** The one method of a `pg` pool that is called here; BullMQ uses the rest. */
export interface JobPool {
  connect(): Promise<{ release(): void }>;
}

/** Where jobs are kept: Redis, or the database of an in-process PGlite (never a PostgreSQL server, where BullMQ 6.7 loses events). */
export type JobStore = { redisUrl: string; prefix?: string } | { pglite: JobPool };

export interface JobQueueOptions {
  name: string;
  store: JobStore;
  /** Jobs that this process works on at a time. */
  concurrency: number;
  /** Tries of a job whose handler rejects. */
  attempts: number;
  /** Pause before the second try in milliseconds; it doubles. */
  backoffMs: number;
}

/** One try of a job: `number` counts from 1. */
export interface JobTry {
  number: number;
  last: boolean;
}

/** A dead worker's jobs are taken up again after lock and interval; both are the same for all workers, because Redis keeps the interval as a time to live. */
const STALLED = { lockDuration: 10_000, stalledInterval: 2_000, maxStalledCount: 1_000 };

/** Durable background jobs. A job is known by its id: adding it again while it waits or runs changes nothing. */
export class JobQueue<Data extends object> {
  private worker: Worker<Data> | undefined;

  private constructor(
    private readonly options: JobQueueOptions,
    private readonly queue: Queue<Data>,
    private readonly newWorker: (run: (job: { data: Data; attemptsMade: number }) => Promise<void>) => Worker<Data>,
    private readonly disconnect: () => void,
  ) {
    this.queue.on('error', () => undefined);
  }

  static async open<Data extends object>(options: JobQueueOptions): Promise<JobQueue<Data>> {
    const { store } = options;
    return 'pglite' in store ? JobQueue.onPglite<Data>(options, store.pglite) : JobQueue.onRedis<Data>(options, store);
  }

  /** Adds what is not there yet. */
  async add(jobs: ReadonlyArray<{ id: string; data: Data }>): Promise<void> {
    const { name, attempts, backoffMs } = this.options;
    const opts = { attempts, backoff: { type: 'exponential', delay: backoffMs }, removeOnComplete: true, removeOnFail: true };
    await this.queue.addBulk(jobs.map(({ id, data }) => ({ name, data, opts: { ...opts, jobId: id } })) as never);
  }

  /** Starts working; a handler that rejects is tried again. */
  async work(handle: (data: Data, attempt: JobTry) => Promise<void>): Promise<void> {
    const { attempts } = this.options;
    this.worker = this.newWorker(({ data, attemptsMade }) => handle(data, { number: attemptsMade + 1, last: attemptsMade + 1 >= attempts }));
    this.worker.on('error', () => undefined);
    await this.worker.waitUntilReady();
  }

  /** Lets running jobs end, then closes. */
  async close(): Promise<void> {
    await this.worker?.close();
    await this.queue.close();
    this.disconnect();
  }

  private static onRedis<Data extends object>(options: JobQueueOptions, { redisUrl, prefix = DEFAULT_PREFIX }: { redisUrl: string; prefix?: string }): JobQueue<Data> {
    const connection = connect(redisUrl, 'patient');
    const worker: WorkerOptions = { connection, prefix, concurrency: options.concurrency, ...STALLED };
    return new JobQueue<Data>(options, new Queue<Data>(options.name, { connection, prefix }), (run) => new Worker<Data>(options.name, run, worker), () => connection.disconnect());
  }

  /** The same on the pool; BullMQ's types know only Redis connections, hence the casts. */
  private static async onPglite<Data extends object>(options: JobQueueOptions, pool: JobPool): Promise<JobQueue<Data>> {
    const client = await pool.connect();
    try {
      await runMigrations(client as never, 'bullmq');
    } finally {
      client.release();
    }
    const queueOptions = { connection: pool } as unknown as QueueOptions;
    const workerOptions = { connection: pool, concurrency: options.concurrency, ...STALLED } as unknown as WorkerOptions;
    const factory = createPostgresBackend as never;
    const newWorker = (run: (job: { data: Data; attemptsMade: number }) => Promise<void>) => new Worker(options.name, run as never, workerOptions as never, factory) as unknown as Worker<Data>;
    return new JobQueue<Data>(options, new Queue(options.name, queueOptions as never, factory) as unknown as Queue<Data>, newWorker, () => undefined);
  }
}
