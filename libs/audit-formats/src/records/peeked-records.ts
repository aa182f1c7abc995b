import type { SourceRecord } from './source-record.js';

const MOST_RECORDS = 100;

/** The first records of a stream, and the whole stream with them. */
export async function peekRecords(source: AsyncIterable<SourceRecord>): Promise<{ first: SourceRecord[]; records: AsyncIterable<SourceRecord> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: SourceRecord[] = [];
  while (first.length < MOST_RECORDS) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
  }
  return { first, records: rejoined(first, iterator) };
}

async function* rejoined(first: SourceRecord[], rest: AsyncIterator<SourceRecord>): AsyncGenerator<SourceRecord> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
