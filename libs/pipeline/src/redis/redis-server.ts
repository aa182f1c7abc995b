import { randomUUID } from 'node:crypto';
import { LANES, type Lane, SallyportError, type ServiceName } from '@sallyport/contracts';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Handlers, type ReplyEntry, serveCall } from '../handlers.js';
import { DEFAULT_CONCURRENCY, type LaneConcurrency } from '../in-process/in-process-broker.js';
import { type CallJob, connect, DEAD_AFTER_MS, DEFAULT_PREFIX, HEARTBEAT_MS, type InboxEntry, keys, STALLED } from './protocol.js';

export interface RedisServerOptions {
  service: ServiceName;
  redisUrl: string;
  handlers: Handlers;
  prefix?: string;
  concurrency?: LaneConcurrency;
}

/** Longest an inbox may grow when its reader is gone. */
const INBOX_LENGTH = 50_000;
const CANCELLED_KEPT = 10_000;

/** Serves one service from BullMQ queues, one per lane. Several servers share the load; a killed one's jobs are run again by another. */
export class RedisServer {
  private readonly id = randomUUID();
  private readonly prefix: string;
  private readonly commands: Redis;
  private readonly subscriber: Redis;
  private readonly workers: Worker[] = [];
  private readonly running = new Map<string, AbortController>();
  /** Calls that were cancelled before a worker took them up; bounded. */
  private readonly cancelled = new Set<string>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(private readonly options: RedisServerOptions) {
    this.prefix = options.prefix ?? DEFAULT_PREFIX;
    this.commands = connect(options.redisUrl, 'patient');
    this.subscriber = connect(options.redisUrl, 'patient');
  }

  /** Resolves when jobs are taken. */
  async start(): Promise<void> {
    this.subscriber.on('message', (_channel, callId) => this.cancel(callId));
    await this.subscriber.subscribe(keys.cancel(this.prefix));
    const limits = { ...DEFAULT_CONCURRENCY, ...this.options.concurrency };
    for (const lane of LANES) this.workers.push(this.worker(lane, limits[lane]));
    await Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
    await this.beat();
    this.heartbeat = setInterval(() => void this.beat().catch(() => undefined), HEARTBEAT_MS);
  }

  /** Finishes what runs, takes nothing new. */
  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    const { service } = this.options;
    await this.commands.srem(keys.workers(this.prefix, service), this.id).catch(() => undefined);
    await this.commands.del(keys.alive(this.prefix, service, this.id)).catch(() => undefined);
    await Promise.all(this.workers.map((worker) => worker.close()));
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  private worker(lane: Lane, concurrency: number): Worker {
    const stalled = lane === 'batch' ? { ...STALLED, maxStalledCount: 0 } : STALLED;
    const worker = new Worker<CallJob>(keys.queue(this.options.service, lane), (job) => this.serve(job, lane), { connection: this.commands, prefix: this.prefix, concurrency, ...stalled });
    worker.on('error', () => undefined);
    worker.on('failed', (job, error) => { if (job && error.message.includes('stalled')) this.giveUp(job); });
    return worker;
  }

  private async serve(job: Job<CallJob>, lane: Lane): Promise<void> {
    const { callId, pattern, data, replyTo, deadlineAt } = job.data;
    const leftMs = deadlineAt - Date.now();
    if (leftMs <= 0 || this.cancelled.delete(callId)) return;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new SallyportError('deadline_exceeded', 'The call took longer than its deadline.')), leftMs);
    this.running.set(callId, controller);
    const attempt = job.attemptsStarted;
    let last: Promise<unknown> = Promise.resolve();
    const emit = (entry: ReplyEntry) => { last = this.send(replyTo, { callId, attempt, entry }); };
    try {
      await serveCall(this.options.handlers, { pattern, data }, { signal: controller.signal, lane, deadlineAt }, emit);
      await last;
    } finally {
      clearTimeout(timer);
      this.running.delete(callId);
    }
  }

  /** Whoever sent batch work knows better when to send it again than we do: it may be what killed the worker. */
  private giveUp({ data: { callId, replyTo }, attemptsStarted }: Job<CallJob>): void {
    const error = new SallyportError('worker_lost', 'The worker that had this call is gone.', { retryAfterS: 1 });
    void this.send(replyTo, { callId, attempt: attemptsStarted + 1, entry: { kind: 'error', error: error.toPayload() } });
  }

  /** Commands of one connection keep their order, so only the last one is waited for. */
  private send(replyTo: string, entry: InboxEntry): Promise<unknown> {
    return this.commands.xadd(replyTo, 'MAXLEN', '~', INBOX_LENGTH, '*', 'e', JSON.stringify(entry)).catch(() => undefined);
  }

  private cancel(callId: string): void {
    const controller = this.running.get(callId);
    if (controller) {
      controller.abort();
      return;
    }
    this.cancelled.add(callId);
    if (this.cancelled.size > CANCELLED_KEPT) this.cancelled.delete(this.cancelled.values().next().value ?? '');
  }

  private async beat(): Promise<void> {
    const { service } = this.options;
    await this.commands.multi().set(keys.alive(this.prefix, service, this.id), '1', 'PX', DEAD_AFTER_MS).sadd(keys.workers(this.prefix, service), this.id).exec();
  }
}
