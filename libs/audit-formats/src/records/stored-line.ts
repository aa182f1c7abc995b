import type { ErrorPayload } from '@sallyport/contracts';
import type { CanonicalLine } from './canonical-line.js';

/** A line of an audit: its content, or why there is none. */
export type AuditLine = { line: number; content: CanonicalLine } | { line: number; id?: string; failure: ErrorPayload };

/** Where a content is: its number among the lines that are stored, and the line of the file. */
export interface StoredPlace {
  number: number;
  line: number;
}

/** A line as it is stored, read again. */
export type StoredLine = (StoredContent | StoredFailure) & {
  /** The line of the file; absent where it is the number in storage. */
  line?: number;
};

export interface StoredContent {
  kind: 'content';
  json: string;
  /** The line before it with the same content, which has the result. */
  duplicateOf?: StoredPlace;
}

export interface StoredFailure {
  kind: 'failure';
  id?: string;
  failure: ErrorPayload;
}

/** Text that stands for a line in storage. No JSON begins like what is put before it, so a line that was stored as it came is not taken for anything else. */
export function storeLine(entry: AuditLine, number: number, duplicateOf?: StoredPlace): string {
  const place = entry.line === number ? '' : `@${entry.line} `;
  if (!('content' in entry)) return `${place}!${JSON.stringify({ ...(entry.id === undefined ? {} : { id: entry.id }), failure: entry.failure })}`;
  return `${place}${duplicateOf ? `=${duplicateOf.number}:${duplicateOf.line} ` : ''}${JSON.stringify(entry.content)}`;
}

const PLACE = /^@(\d+) /;
const DUPLICATE = /^=(\d+):(\d+) /;

/** Reads what {@link storeLine} wrote; anything else is content. */
export function readStoredLine(stored: string): StoredLine {
  const place = PLACE.exec(stored);
  return { ...(place ? { line: Number(place[1]) } : {}), ...readKind(stored.slice(place?.[0].length ?? 0)) };
}

function readKind(rest: string): StoredContent | StoredFailure {
  if (rest.startsWith('!')) return { kind: 'failure', ...(JSON.parse(rest.slice(1)) as Omit<StoredFailure, 'kind'>) };
  const duplicate = DUPLICATE.exec(rest);
  if (!duplicate) return { kind: 'content', json: rest };
  return { kind: 'content', json: rest.slice(duplicate[0].length), duplicateOf: { number: Number(duplicate[1]), line: Number(duplicate[2]) } };
}
