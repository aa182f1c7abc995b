import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SallyportError } from '@sallyport/contracts';

export type DeploymentMode = 'embedded' | 'distributed';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Everything that is configured from outside. Times in milliseconds. */
export interface SallyportConfig {
  mode: DeploymentMode;
  host: string;
  port: number;
  /** Where a service without HTTP of its own answers probes; undefined: nowhere. */
  healthPort: number | undefined;
  /** Data and downloaded models. */
  home: string;
  /** Downloaded models. */
  modelsFolder: string;
  /** Built graphs. */
  graphsFolder: string;
  /** Bundled classifiers. */
  bundledModelsFolder: string;
  /** Static files of the console. */
  consoleFolder: string;
  redisUrl: string;
  /** PostgreSQL; undefined in embedded mode without DATABASE_URL: PGlite under `home`. */
  databaseUrl: string | undefined;
  /** Prefix of all keys in Redis. */
  queuePrefix: string;
  generator: string;
  guard: string;
  /** How the weights of a Llama Guard are held in memory. */
  guardQuantization: 'none' | 'int8' | 'int4';
  /** For a Llama Guard on a server. */
  guardApiKey: string | undefined;
  promptGuard: string;
  upstreamsFile: string | undefined;
  /** Folder of logs that audits may name by path; undefined: none. */
  auditFolder: string | undefined;
  /** Buckets, or folders in them, that audits may name, each with a slash at its end; and the object store, where it is not AWS. */
  auditS3: { allowed: string[]; endpoint: string | undefined };
  apiKeys: string[];
  logLevel: LogLevel;
  hub: { endpoint?: string; token?: string };
  /** Threads of one model run. */
  threads: number;
  screenDeadlineMs: number;
  generateDeadlineMs: number;
  verdictCacheEntries: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const here = dirname(fileURLToPath(import.meta.url));
/** The repository's root, from src as from dist. */
export const repositoryRoot = resolve(here, '..', '..', '..');

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Reads the configuration; the only reader of process.env. `overrides` (flags of a command line) win over the environment.
 * @throws SallyportError `invalid_request` naming the variable; `forbidden` for a public address without API keys.
 */
export function loadConfig(environment: Environment = process.env, overrides: Environment = {}): SallyportConfig {
  const text = (name: string): string | undefined => (overrides[name] ?? environment[name])?.trim() || undefined;
  const home = resolve(text('SALLYPORT_HOME') ?? join(repositoryRoot, '.sallyport'));
  const mode = oneOf('SALLYPORT_MODE', text('SALLYPORT_MODE') ?? 'embedded', ['embedded', 'distributed'] as const);
  const endpoint = text('HF_ENDPOINT');
  const token = text('HF_TOKEN');
  const config: SallyportConfig = {
    mode,
    host: text('HOST') ?? '127.0.0.1',
    port: whole('PORT', text('PORT') ?? '8080', 0, 65_535),
    healthPort: text('SALLYPORT_HEALTH_PORT') === undefined ? undefined : whole('SALLYPORT_HEALTH_PORT', text('SALLYPORT_HEALTH_PORT') ?? '', 1, 65_535),
    home,
    modelsFolder: join(home, 'models'),
    graphsFolder: join(home, 'graphs'),
    bundledModelsFolder: resolve(text('SALLYPORT_MODELS_DIR') ?? join(repositoryRoot, 'models')),
    consoleFolder: join(repositoryRoot, 'apps', 'console', 'public'),
    redisUrl: url('REDIS_URL', text('REDIS_URL') ?? 'redis://127.0.0.1:6379', ['redis:', 'rediss:']),
    databaseUrl: databaseUrl(mode, text('DATABASE_URL')),
    queuePrefix: text('SALLYPORT_QUEUE_PREFIX') ?? 'sallyport',
    generator: text('SALLYPORT_GENERATOR') ?? 'smollm2-135m-instruct',
    guard: text('SALLYPORT_GUARD') ?? 'bundled',
    guardQuantization: oneOf('SALLYPORT_GUARD_QUANTIZATION', text('SALLYPORT_GUARD_QUANTIZATION') ?? 'int8', ['none', 'int8', 'int4'] as const),
    guardApiKey: text('SALLYPORT_GUARD_API_KEY'),
    promptGuard: text('SALLYPORT_PROMPT_GUARD') ?? 'bundled',
    upstreamsFile: existing('SALLYPORT_UPSTREAMS', text('SALLYPORT_UPSTREAMS')),
    auditFolder: existing('SALLYPORT_AUDIT_FOLDER', text('SALLYPORT_AUDIT_FOLDER')),
    auditS3: { allowed: buckets('SALLYPORT_AUDIT_S3', text('SALLYPORT_AUDIT_S3')), endpoint: endpointUrl('SALLYPORT_S3_ENDPOINT', text('SALLYPORT_S3_ENDPOINT')) },
    apiKeys: (text('SALLYPORT_API_KEYS') ?? '').split(',').map((key) => key.trim()).filter((key) => key !== ''),
    logLevel: oneOf('LOG_LEVEL', text('LOG_LEVEL') ?? 'info', LOG_LEVELS),
    hub: { ...(endpoint === undefined ? {} : { endpoint }), ...(token === undefined ? {} : { token }) },
    threads: whole('SALLYPORT_THREADS', text('SALLYPORT_THREADS') ?? '2', 1, 256),
    screenDeadlineMs: whole('SALLYPORT_SCREEN_DEADLINE_MS', text('SALLYPORT_SCREEN_DEADLINE_MS') ?? '10000', 1, 600_000),
    generateDeadlineMs: whole('SALLYPORT_GENERATE_DEADLINE_MS', text('SALLYPORT_GENERATE_DEADLINE_MS') ?? '600000', 1, 3_600_000),
    verdictCacheEntries: whole('SALLYPORT_VERDICT_CACHE_ENTRIES', text('SALLYPORT_VERDICT_CACHE_ENTRIES') ?? '20000', 0, 10_000_000),
  };
  refuseOpenDoor(config);
  return config;
}

/** An address that others can reach needs keys. */
function refuseOpenDoor(config: SallyportConfig): void {
  if (config.apiKeys.length > 0 || LOOPBACK.has(config.host)) return;
  throw new SallyportError('forbidden', `HOST is ${config.host}, which others can reach, and SALLYPORT_API_KEYS is not set. Set keys (comma-separated), or leave HOST at 127.0.0.1.`, { param: 'SALLYPORT_API_KEYS' });
}

const refuse = (param: string, expected: string): never => {
  throw new SallyportError('invalid_request', `${param}: expected ${expected}.`, { param });
};

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  return allowed.find((item) => item === value) ?? refuse(name, `one of ${allowed.join(', ')}`);
}

function whole(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most ? number : refuse(name, `a whole number from ${least} to ${most}`);
}

function url(name: string, value: string, protocols: readonly string[]): string {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol) ? value : refuse(name, `a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
}

function databaseUrl(mode: DeploymentMode, value: string | undefined): string | undefined {
  if (value !== undefined) return url('DATABASE_URL', value, ['postgres:', 'postgresql:']);
  return mode === 'embedded' ? undefined : refuse('DATABASE_URL', 'a PostgreSQL URL in distributed mode');
}

/** Each with a slash at its end: `s3://logs` does not allow `s3://logs-of-others`. */
function buckets(name: string, value: string | undefined): string[] {
  const given = (value ?? '').split(',').map((bucket) => bucket.trim()).filter((bucket) => bucket !== '');
  if (given.some((bucket) => !/^s3:\/\/[a-z0-9]/.test(bucket))) refuse(name, 'buckets like s3://bucket/folder, separated by commas');
  return given.map((bucket) => (bucket.endsWith('/') ? bucket : `${bucket}/`));
}

const endpointUrl = (name: string, value: string | undefined): string | undefined => (value === undefined ? undefined : url(name, value, ['http:', 'https:']));

function existing(name: string, path: string | undefined): string | undefined {
  if (path !== undefined && !existsSync(path)) refuse(name, 'a file that exists');
  return path;
}
