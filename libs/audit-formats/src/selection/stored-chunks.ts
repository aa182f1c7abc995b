import { type AuditLine, storeLine } from '../records/stored-line.js';
import { ContentDigests } from './content-digests.js';

/** Lines that are stored and worked on together, in the order of the file. They are numbered on from `firstLine`, which counts stored lines. */
export interface StoredChunk {
  ordinal: number;
  firstLine: number;
  lines: string[];
  /** Line of the file that the last one is. */
  lastInputLine?: number;
}

/** How lines are put together. */
export interface ChunkRules {
  maxLines: number;
  /** A chunk that has so many characters is full. */
  maxChars: number;
  /** Equal contents are screened once; the others say which line has the result. */
  dedupe: boolean;
}

/** Groups lines into chunks, ready to be stored. */
export async function* storedChunks(source: AsyncIterable<AuditLine>, { maxLines, maxChars, dedupe }: ChunkRules): AsyncGenerator<StoredChunk> {
  const digests = dedupe ? new ContentDigests() : undefined;
  let chunk: StoredChunk = { ordinal: 0, firstLine: 1, lines: [] };
  let chars = 0;
  for await (const entry of source) {
    const number = chunk.firstLine + chunk.lines.length;
    const stored = storeLine(entry, number, 'content' in entry ? digests?.seen(entry.content, { line: entry.line, number }) : undefined);
    chunk.lines.push(stored);
    chunk.lastInputLine = entry.line;
    chars += stored.length;
    if (chunk.lines.length < maxLines && chars < maxChars) continue;
    yield chunk;
    chunk = { ordinal: chunk.ordinal + 1, firstLine: number + 1, lines: [] };
    chars = 0;
  }
  if (chunk.lines.length > 0) yield chunk;
}
