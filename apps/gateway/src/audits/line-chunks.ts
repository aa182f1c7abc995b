import type { UploadLine } from './ndjson-lines.js';

/** Consecutive lines; `firstLine` counts from 1. */
export interface LineChunk {
  firstLine: number;
  lines: string[];
}

/** Stands for a line that is longer than the limit; no JSON line can be like it. */
export const TOO_LONG = '<line too long>';

/** Groups lines into chunks of at most `size`. A blank line ends a chunk, so that line numbers follow from the first one. */
export async function* lineChunks(source: AsyncIterable<UploadLine>, size: number): AsyncGenerator<LineChunk> {
  let chunk: LineChunk = { firstLine: 1, lines: [] };
  for await (const { line, bytes } of source) {
    const follows = line === chunk.firstLine + chunk.lines.length && chunk.lines.length < size;
    if (!follows && chunk.lines.length > 0) yield chunk;
    if (!follows || chunk.lines.length === 0) chunk = { firstLine: line, lines: [] };
    // PostgreSQL's text cannot hold NUL, and JSON never contains a raw one: such a line is unreadable either way.
    chunk.lines.push(bytes === undefined ? TOO_LONG : bytes.toString('utf8').replaceAll('\u0000', '\ufffd'));
  }
  if (chunk.lines.length > 0) yield chunk;
}
