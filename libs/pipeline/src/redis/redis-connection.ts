import { randomUUID } from 'node:crypto';
import { type CallOptions, type Lane, SallyportError, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { PendingCall } from '../pending-call.js';
import { type CallJob, connect, DEAD_AFTER_MS, DEFAULT_PREFIX, type InboxEntry, keys } from './protocol.js';

const READ_BLOCK_MS = 5_000;
const INBOX_TTL_MS = 600_000;
const WATCH_MS = 500;
/** How long an answer about living workers is good for. */
const ALIVE_CACHE_MS = 250;

const unavailable = (service: ServiceName, cause?: unknown) => new SallyportError('service_unavailable', `No ${service} service answers now.`, { retryAfterS: 1, cause });

/** The calling side of the Redis transport: one inbox stream and one reader for all calls of this process. */
export class RedisConnection {
  private readonly prefix: string;
  private readonly inbox: string;
  private readonly commands: Redis;
  private readonly reader: Redis;
  private readonly queues = new Map<string, Queue<CallJob>>();
  private readonly pending = new Map<string, { call: PendingCall; service: ServiceName; deadSinceMs: number | undefined }>();
  private readonly alive = new Map<ServiceName, { count: Promise<number>; atMs: number }>();
  private readonly watch: NodeJS.Timeout;
  private closed = false;

  constructor(options: { redisUrl: string; prefix?: string }) {
    this.prefix = options.prefix ?? DEFAULT_PREFIX;
    this.inbox = keys.inbox(this.prefix, randomUUID());
    this.commands = connect(options.redisUrl, 'impatient');
    this.reader = connect(options.redisUrl, 'patient');
    this.watch = setInterval(() => void this.watchWorkers(), WATCH_MS);
    void this.read();
  }

  client(service: ServiceName): ServiceClient {
    return {
      call: async <Reply>(pattern: string, data: unknown, options: CallOptions) => (await this.start(service, pattern, data, options)).reply<Reply>(),
      stream: <Item>(pattern: string, data: unknown, options: CallOptions) => this.stream<Item>(service, pattern, data, options),
      available: () => this.aliveWorkers(service).then((count) => count > 0, () => false),
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.watch);
    for (const { call, service } of this.pending.values()) call.fail(unavailable(service));
    await this.commands.del(this.inbox).catch(() => undefined);
    await Promise.all([...this.queues.values()].map((queue) => queue.close().catch(() => undefined)));
    this.commands.disconnect();
    this.reader.disconnect();
  }

  private async *stream<Item>(service: ServiceName, pattern: string, data: unknown, options: CallOptions): AsyncGenerator<Item> {
    yield* (await this.start(service, pattern, data, options)).items<Item>();
  }

  private async start(service: ServiceName, pattern: string, data: unknown, options: CallOptions): Promise<PendingCall> {
    const callId = randomUUID();
    const call = new PendingCall(options, () => {
      this.pending.delete(callId);
      void this.commands.publish(keys.cancel(this.prefix), callId).catch(() => undefined);
    });
    this.pending.set(callId, { call, service, deadSinceMs: undefined });
    const job: CallJob = { callId, pattern, data, replyTo: this.inbox, deadlineAt: Date.now() + options.deadlineMs };
    this.enqueue(service, options.lane ?? 'online', job).catch((error: unknown) => call.fail(error instanceof SallyportError ? error : unavailable(service, error)));
    return call;
  }

  private async enqueue(service: ServiceName, lane: Lane, job: CallJob): Promise<void> {
    if ((await this.aliveWorkers(service)) === 0) throw unavailable(service);
    if (this.pending.has(job.callId)) await this.queue(service, lane).add(job.pattern, job, { removeOnComplete: true, removeOnFail: true });
  }

  private queue(service: ServiceName, lane: Lane): Queue<CallJob> {
    const name = keys.queue(service, lane);
    const known = this.queues.get(name);
    if (known) return known;
    const queue = new Queue<CallJob>(name, { connection: this.commands, prefix: this.prefix });
    queue.on('error', () => undefined);
    // Every add that waits for the connection listens for its end.
    queue.setMaxListeners(0);
    this.queues.set(name, queue);
    return queue;
  }

  private async read(): Promise<void> {
    let lastId = '0-0';
    while (!this.closed) {
      try {
        const streams = await this.reader.xread('COUNT', 500, 'BLOCK', READ_BLOCK_MS, 'STREAMS', this.inbox, lastId);
        for (const [id, fields] of streams?.[0]?.[1] ?? []) {
          lastId = id;
          this.deliver(JSON.parse(fields[1] ?? '{}') as InboxEntry);
        }
        // What was read goes at once: replies of a long audit would fill Redis, and they tell of texts.
        await Promise.all([this.commands.xtrim(this.inbox, 'MINID', '~', lastId), this.commands.pexpire(this.inbox, INBOX_TTL_MS)]);
      } catch {
        if (!this.closed) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  private deliver({ callId, attempt, entry }: InboxEntry): void {
    const waiting = this.pending.get(callId);
    if (!waiting) return;
    waiting.call.deliver(entry, attempt);
    if (entry.kind !== 'item') this.pending.delete(callId);
  }

  /** Calls whose service has had no living worker for a while fail now instead of at their deadline. */
  private async watchWorkers(): Promise<void> {
    const services = new Set([...this.pending.values()].map((waiting) => waiting.service));
    for (const service of services) {
      const dead = await this.aliveWorkers(service).then((count) => count === 0, () => true);
      for (const waiting of this.pending.values()) {
        if (waiting.service !== service) continue;
        waiting.deadSinceMs = dead ? (waiting.deadSinceMs ?? performance.now()) : undefined;
        if (waiting.deadSinceMs !== undefined && performance.now() - waiting.deadSinceMs >= DEAD_AFTER_MS) waiting.call.fail(unavailable(service));
      }
    }
  }

  private aliveWorkers(service: ServiceName): Promise<number> {
    const known = this.alive.get(service);
    if (known && performance.now() - known.atMs < ALIVE_CACHE_MS) return known.count;
    const count = this.countAlive(service);
    this.alive.set(service, { count, atMs: performance.now() });
    return count;
  }

  private async countAlive(service: ServiceName): Promise<number> {
    const set = keys.workers(this.prefix, service);
    const ids = await this.commands.smembers(set);
    if (ids.length === 0) return 0;
    const beats = await this.commands.mget(ids.map((id) => keys.alive(this.prefix, service, id)));
    const dead = ids.filter((_, i) => beats[i] === null);
    if (dead.length > 0) await this.commands.srem(set, ...dead);
    return ids.length - dead.length;
  }
}
