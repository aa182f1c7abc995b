import type { Lane, ServiceName } from '@sallyport/contracts';
import { Redis, type RedisOptions } from 'ioredis';
import type { ReplyEntry } from '../handlers.js';

/** A call as a BullMQ job. */
export interface CallJob {
  callId: string;
  pattern: string;
  data: unknown;
  /** Stream to which the answer goes. */
  replyTo: string;
  /** Milliseconds since 1970. */
  deadlineAt: number;
}

/** One entry of an inbox stream. `attempt` counts the workers that began the job. */
export interface InboxEntry {
  callId: string;
  attempt: number;
  entry: ReplyEntry;
}

export const DEFAULT_PREFIX = 'sallyport';

/** Names of everything the transport keeps in Redis. */
export const keys = {
  queue: (service: ServiceName, lane: Lane): string => `${service}-${lane}`,
  inbox: (prefix: string, clientId: string): string => `${prefix}:inbox:${clientId}`,
  cancel: (prefix: string): string => `${prefix}:cancel`,
  workers: (prefix: string, service: ServiceName): string => `${prefix}:workers:${service}`,
  alive: (prefix: string, service: ServiceName, workerId: string): string => `${prefix}:alive:${service}:${workerId}`,
};

/** Shared by all workers: a dead worker's job is found after at most lock + interval. */
export const STALLED = { stalledInterval: 1_000, lockDuration: 3_000, maxStalledCount: 3 } as const;
export const HEARTBEAT_MS = 500;
/** A worker without a heartbeat for so long counts as dead. */
export const DEAD_AFTER_MS = 1_500;

/** A connection that waits for Redis as long as it takes (`patient`, for workers), or fails a command after one retry. */
export function connect(url: string, kind: 'patient' | 'impatient'): Redis {
  const options: RedisOptions = kind === 'patient' ? { maxRetriesPerRequest: null } : { maxRetriesPerRequest: 1 };
  const redis = new Redis(url, { ...options, retryStrategy: (times) => Math.min(50 * times, 1_000) });
  // Without a listener ioredis prints every failed reconnect; commands report the failure to whoever waits for them.
  redis.on('error', () => undefined);
  return redis;
}
