import { SallyportError } from '@sallyport/contracts';
import type { JobAgain, JobQueue, JobTry } from '@sallyport/pipeline';
import type { GatewayLogger } from '../gateway-options.js';

/** What is worked on: where jobs wait, how one is done, and which are still to be done by what the database says. */
export interface DurableWork<Job extends object> {
  /** For the log. */
  name: string;
  queue: JobQueue<Job>;
  logger: GatewayLogger;
  /** Rejects to be tried again; gives up, without an error, what no longer exists. */
  run(job: Job, attempt: JobTry): Promise<JobAgain | undefined>;
  /** Queues what is not done. Jobs that are there already are left alone. */
  reconcile(): Promise<void>;
  reconcileMs: number;
}

/** Work that survives a restart: the database knows what is not done, the queue only who does it next. Missing jobs are queued again, at the start and from time to time. */
export class DurableJobs<Job extends object> {
  /** Aborts when the process is to end; jobs that run then are done again by the next one. */
  readonly stopped = new AbortController();
  private reconciling: NodeJS.Timeout | undefined;

  constructor(private readonly work: DurableWork<Job>) {}

  /** Takes up what an earlier process left unfinished. */
  async start(): Promise<void> {
    await this.work.queue.work((job, attempt) => this.attempt(job, attempt));
    await this.work.reconcile();
    this.reconciling = setInterval(() => void this.work.reconcile().catch((error: unknown) => this.work.logger.error({ code: SallyportError.from(error).code }, `${this.work.name} not reconciled`)), this.work.reconcileMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.reconciling);
    this.stopped.abort();
    await this.work.queue.close();
  }

  private async attempt(job: Job, attempt: JobTry): Promise<JobAgain | undefined> {
    try {
      return await this.work.run(job, attempt);
    } catch (error) {
      if (!this.stopped.signal.aborted) this.work.logger.warn({ ...job, attempt: attempt.number, code: SallyportError.from(error).code }, `${this.work.name} job failed`);
      throw error;
    }
  }
}
