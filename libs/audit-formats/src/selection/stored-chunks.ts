import { type AuditLine, storeLine } from '../records/stored-line.js';
import { ContentDigests } from './content-digests.js';

/** Lines that are stored and worked on together, in the order of the file. */
export interface StoredChunk {
  ordinal: number;
  firstLine: number;
  /** The number of each line; absent where they follow each other from `firstLine`. */
  numbers?: number[];
  lines: string[];
}

/** How lines are put together. */
export interface ChunkRules {
  maxLines: number;
  /** A chunk that has so many characters is full. */
  maxChars: number;
  /** Equal contents are stored once as content; the others say which line has it. */
  dedupe: boolean;
}

/** Groups lines into chunks, ready to be stored. */
export async function* storedChunks(source: AsyncIterable<AuditLine>, { maxLines, maxChars, dedupe }: ChunkRules): AsyncGenerator<StoredChunk> {
  const digests = dedupe ? new ContentDigests() : undefined;
  let chunk = new OpenChunk(0);
  for await (const entry of source) {
    const first = 'content' in entry ? digests?.seen(entry.content, { line: entry.line, chunk: chunk.ordinal }) : undefined;
    chunk.add(entry.line, storeLine(entry, first));
    if (chunk.lines.length < maxLines && chunk.chars < maxChars) continue;
    yield chunk.close();
    chunk = new OpenChunk(chunk.ordinal + 1);
  }
  if (chunk.lines.length > 0) yield chunk.close();
}

class OpenChunk {
  chars = 0;
  readonly lines: string[] = [];
  private readonly numbers: number[] = [];

  constructor(readonly ordinal: number) {}

  add(line: number, stored: string): void {
    this.numbers.push(line);
    this.lines.push(stored);
    this.chars += stored.length;
  }

  close(): StoredChunk {
    const { ordinal, numbers, lines } = this;
    const firstLine = numbers[0]!;
    const consecutive = numbers.every((number, at) => number === firstLine + at);
    return { ordinal, firstLine, ...(consecutive ? {} : { numbers }), lines };
  }
}
