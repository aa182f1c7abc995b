import type { UnpackLimits } from '@sallyport/audit-formats';
import type { BatchEndpoint } from '@sallyport/contracts';
import type { S3Settings } from './audits/intake/s3-object.js';

/** What the gateway is told at composition; every field has a default in {@link defaultSettings}. */
export interface GatewaySettings {
  /** Accepted API keys; empty: no key is asked for. */
  apiKeys: readonly string[];
  /** Largest JSON body. */
  jsonLimitBytes: number;
  /** Largest audit upload; it is streamed, never held in memory. */
  auditLimitBytes: number;
  /** Folder of the console's static files; undefined or missing: no console. */
  consoleFolder: string | undefined;
  /** Policy that judges when a request names none. */
  defaultPolicy: string;
  /** Longest time that one check of online work may take. */
  screenDeadlineMs: number;
  /** Longest time that one check of an audit may take. */
  batchScreenDeadlineMs: number;
  /** Longest time that one generation may take. */
  generateDeadlineMs: number;
  verdictCache: { maxEntries: number; ttlMs: number };
  breaker: { failureThreshold: number; openMs: number };
  audit: AuditSettings;
  batch: BatchSettings;
}

/** How audits are cut and retried. */
export interface AuditSettings {
  /** Lines that are stored, begun and ended together. */
  chunkLines: number;
  /** Longer lines become error rows. */
  maxLineBytes: number;
  /** Jobs of all audits together: at least as many as all gateways work on at a time. */
  turns: number;
  /** How long a turn is to take; it takes as many chunks as lately took so long. */
  turnMs: number;
  /** Most chunks of a turn. */
  chunksPerTurn: number;
  /** Turns that this process works on at a time. */
  concurrency: number;
  /** Tries of a turn that the database fails, before it is looked for with the lost ones. */
  attempts: number;
  /** First pause between tries; it doubles. */
  backoffMs: number;
  /** How often is looked for lost turns. */
  reconcileMs: number;
  /** Progress as events: how often it is read, and after how long a silence is broken. */
  events: { pollMs: number; keepAliveMs: number };
  /** How far a packed upload may unpack. */
  unpack: UnpackLimits;
  /** Folder that `path` reads from; undefined: none. */
  folder: string | undefined;
  s3: S3Settings;
}

/** How files are taken and batches are run. */
export interface BatchSettings {
  /** Largest file. */
  fileLimitBytes: number;
  /** Most lines of an input file. */
  maxRequests: number;
  /** Lines in one job, by what a line costs. */
  chunkLines: Record<BatchEndpoint, number>;
  /** Lines of a chunk that are worked on at a time. */
  linesAtOnce: number;
  /** Chunks of one batch that are queued at a time, so that batches take turns. */
  chunksQueued: number;
  /** Chunks that this process works on at a time. */
  concurrency: number;
  /** Tries of a line whose service is unavailable before it goes to the error file. */
  attempts: number;
  /** First pause between tries; it doubles. */
  backoffMs: number;
  /** A batch that is not done after this time expires. */
  windowMs: number;
  /** How long the lines under way may take when a batch is cancelled or expires. */
  endingGraceMs: number;
  /** How often is looked for lost jobs, expired batches and expired files. */
  reconcileMs: number;
}

/** Nest injection token of {@link GatewaySettings}. */
export const GATEWAY_SETTINGS = 'GATEWAY_SETTINGS';

/** Nest injection token of the logger. */
export const GATEWAY_LOGGER = 'GATEWAY_LOGGER';

/** The part of pino's interface that the gateway uses; fields must hold no user text. */
export interface GatewayLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const MIB = 1024 * 1024;

/** The defaults, overridden field by field. */
export function defaultSettings(overrides: Partial<GatewaySettings> = {}): GatewaySettings {
  return {
    apiKeys: [],
    jsonLimitBytes: 4 * MIB,
    auditLimitBytes: 2_048 * MIB,
    consoleFolder: undefined,
    defaultPolicy: 'default',
    screenDeadlineMs: 10_000,
    batchScreenDeadlineMs: 120_000,
    generateDeadlineMs: 600_000,
    verdictCache: { maxEntries: 20_000, ttlMs: 300_000 },
    breaker: { failureThreshold: 5, openMs: 3_000 },
    audit: {
      chunkLines: 100, maxLineBytes: MIB, turns: 32, turnMs: 2_000, chunksPerTurn: 32, concurrency: 2, attempts: 6, backoffMs: 500, reconcileMs: 30_000,
      events: { pollMs: 500, keepAliveMs: 15_000 }, unpack: { bytes: 8_192 * MIB, ratio: 200 }, folder: undefined, s3: { endpoint: undefined, allowed: [] },
    },
    batch: {
      fileLimitBytes: 200 * MIB, maxRequests: 50_000, chunkLines: { '/v1/moderations': 64, '/v1/chat/completions': 8 }, linesAtOnce: 8, chunksQueued: 16,
      concurrency: 2, attempts: 6, backoffMs: 1_000, windowMs: 24 * 3_600_000, endingGraceMs: 60_000, reconcileMs: 30_000,
    },
    ...overrides,
  };
}
