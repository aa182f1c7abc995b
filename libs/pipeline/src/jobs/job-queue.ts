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

/** What a handler gives that wants its job to be queued again, behind the others. */
export interface JobAgain {
  afterMs: number;
}

/** Works on a job. Rejects to be tried again after a pause. */
export type JobHandler<Data> = (data: Data, attempt: JobTry) => Promise<JobAgain | undefined>;

/** A dead worker's jobs are taken up again after lock and interval; both are the same for all workers, because Redis keeps the interval as a time to live. */
const STALLED = { lockDuration: 10_000, stalledInterval: 2_000, maxStalledCount: 1_000 };

type JobRun<Data> = (job: { data: Data; attemptsMade: number }) => Promise<JobAgain | undefined>;

/** Durable background jobs. A job is known by its id: adding it again while it waits or runs changes nothing. */
export class JobQueue<Data extends object> {
  private worker: Worker<Data, JobAgain | undefined> | undefined;

  private constructor(
    private readonly options: JobQueueOptions,
    private readonly queue: Queue<Data>,
    private readonly newWorker: (run: JobRun<Data>) => Worker<Data, JobAgain | undefined>,
    private readonly disconnect: () => void,
  ) {
    this.queue.on('error', () => undefined);
  }

  static async open<Data extends object>(options: JobQueueOptions): Promise<JobQueue<Data>> {
    const { store } = options;
    return 'pglite' in store ? JobQueue.onPglite<Data>(options, store.pglite) : JobQueue.onRedis<Data>(options, store);
  }

  /** Adds what is not there yet. */
  async add(jobs: ReadonlyArray<{ id: string; data: Data }>, delay = 0): Promise<void> {
    const { name, attempts, backoffMs } = this.options;
    const opts = { attempts, backoff: { type: 'exponential', delay: backoffMs }, removeOnComplete: true, removeOnFail: true, ...(delay > 0 ? { delay } : {}) };
    await this.queue.addBulk(jobs.map(({ id, data }) => ({ name, data, opts: { ...opts, jobId: id } })) as never);
  }

  /** Starts working; a handler that rejects is tried again, one that says so has its job queued again. */
  async work(handle: JobHandler<Data>): Promise<void> {
    const { attempts } = this.options;
    this.worker = this.newWorker(({ data, attemptsMade }) => handle(data, { number: attemptsMade + 1, last: attemptsMade + 1 >= attempts }));
    this.worker.on('error', () => undefined);
    // Only a job that is gone can be added under its id.
    this.worker.on('completed', ({ id, data }, again) => { if (again && id !== undefined) void this.add([{ id, data }], again.afterMs).catch(() => undefined); });
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
    return new JobQueue<Data>(options, new Queue<Data>(options.name, { connection, prefix }), (run) => new Worker<Data, JobAgain | undefined>(options.name, run, worker), () => connection.disconnect());
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
    const newWorker = (run: JobRun<Data>) => new Worker(options.name, run as never, workerOptions as never, factory) as unknown as Worker<Data, JobAgain | undefined>;
    return new JobQueue<Data>(options, new Queue(options.name, queueOptions as never, factory) as unknown as Queue<Data>, newWorker, () => undefined);
  }
}
