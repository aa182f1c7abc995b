import type { ErrorPayload } from '@sallyport/contracts';
import type { CanonicalLine } from './canonical-line.js';

/** A line of an audit: its content, or why there is none. */
export type AuditLine = { line: number; content: CanonicalLine } | { line: number; id?: string; failure: ErrorPayload };

/** A line as it is stored, read again. */
export type StoredLine =
  | { kind: 'content'; json: string }
  /** The content of a line before it, which has the result. */
  | { kind: 'duplicate'; of: { line: number; chunk: number }; json: string }
  | { kind: 'failure'; id?: string; failure: ErrorPayload };

/** No JSON begins like these, so a line that was stored as it came is never taken for one of them. */
const [FAILURE, DUPLICATE] = ['!', '='];

/** Text that stands for a line in storage. */
export function storeLine(entry: AuditLine, duplicateOf?: { line: number; chunk: number }): string {
  if (!('content' in entry)) return `${FAILURE}${JSON.stringify({ ...(entry.id === undefined ? {} : { id: entry.id }), failure: entry.failure })}`;
  const json = JSON.stringify(entry.content);
  return duplicateOf ? `${DUPLICATE}${duplicateOf.line}:${duplicateOf.chunk} ${json}` : json;
}

/** Reads what {@link storeLine} wrote; anything else is content. */
export function readStoredLine(stored: string): StoredLine {
  if (stored.startsWith(FAILURE)) return { kind: 'failure', ...(JSON.parse(stored.slice(1)) as { id?: string; failure: ErrorPayload }) };
  const duplicate = /^=(\d+):(\d+) /.exec(stored);
  if (!duplicate) return { kind: 'content', json: stored };
  return { kind: 'duplicate', of: { line: Number(duplicate[1]), chunk: Number(duplicate[2]) }, json: stored.slice(duplicate[0].length) };
}
