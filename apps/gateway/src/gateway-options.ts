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
}

/** How audits are cut and retried. */
export interface AuditSettings {
  /** Lines in one job. */
  chunkLines: number;
  /** Longer lines become error rows. */
  maxLineBytes: number;
  /** Subjects in one call to a guard, so that online work gets its turn in between. */
  subjectsPerCall: number;
  /** Chunks that this process works on at a time. */
  concurrency: number;
  /** Tries of a chunk whose guard is unavailable before its lines become error rows. */
  attempts: number;
  /** First pause between tries; it doubles. */
  backoffMs: number;
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
    audit: { chunkLines: 100, maxLineBytes: MIB, subjectsPerCall: 16, concurrency: 2, attempts: 6, backoffMs: 1_000 },
    ...overrides,
  };
}
