import { pino } from 'pino';
import type { LogLevel } from './config.js';

/** Structured logging. Fields hold ids, codes, counts and times only: never a prompt, an answer or anything else a user wrote. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One JSON line per entry on standard error, so that standard output stays free for results. */
export function createLogger(options: { service: string; level: LogLevel }): Logger {
  return pino({ name: options.service, level: options.level, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, pino.destination({ dest: 2, sync: true }));
}

/** What may be logged of an error: its name, code and stack positions; a foreign message may quote user text. */
export function errorFields(error: unknown): { error: string; code?: string; stack?: string[] } {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const stack = error.stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 6).map((line) => line.trim());
  return { error: error.name, ...(code === undefined ? {} : { code }), ...(stack ? { stack } : {}) };
}
