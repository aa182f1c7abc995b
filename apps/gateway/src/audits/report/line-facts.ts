import { readStoredLine } from '@sallyport/audit-formats';
import type { AuditResult } from '@sallyport/contracts';

/** What a report reads in a stored line beside its verdict. */
export interface LineFacts {
  /** What was said, messages one below the other; empty where the line cannot be read. */
  text: string;
  /** Milliseconds since 1970. */
  timestampMs?: number;
  source?: string;
}

const MOST_CHARS = 4_000;
/** Numbers below this are seconds: as milliseconds they would lie in 1973 at the latest. */
const LEAST_MS = 1e11;

/** Reads a stored line as loosely as a report may: what it cannot read is left out. What the result says of time and source goes first. */
export function lineFacts(line: string, result: Pick<AuditResult, 'timestamp' | 'source'>): LineFacts {
  const fields = parse(line) ?? {};
  const timestampMs = readTimestamp(result.timestamp ?? fields['timestamp']);
  const source = result.source ?? fields['source'];
  return { text: textOf(fields).slice(0, MOST_CHARS), ...(timestampMs === undefined ? {} : { timestampMs }), ...(typeof source === 'string' && source !== '' ? { source } : {}) };
}

function parse(line: string): Record<string, unknown> | undefined {
  const stored = readStoredLine(line);
  if (stored.kind === 'failure') return undefined;
  try {
    const value: unknown = JSON.parse(stored.json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds or milliseconds since 1970, or a date as ISO 8601; undefined for anything else. */
function readTimestamp(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? (Math.abs(value) < LEAST_MS ? value * 1_000 : value) : typeof value === 'string' && /^\d{4}-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

function textOf({ text, messages }: Record<string, unknown>): string {
  if (typeof text === 'string') return text;
  return Array.isArray(messages) ? messages.map(messageText).filter((part) => part !== '').join('\n') : '';
}

function messageText(message: unknown): string {
  if (typeof message !== 'object' || message === null || !('content' in message)) return '';
  const role = 'role' in message && typeof message.role === 'string' ? `${message.role}: ` : '';
  const { content } = message;
  const parts = Array.isArray(content) ? content.map((part: unknown) => (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string' ? part.text : '')) : [content];
  const said = parts.filter((part): part is string => typeof part === 'string' && part !== '').join('\n');
  return said === '' ? '' : `${role}${said}`;
}
