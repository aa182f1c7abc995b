import type { AuditResult } from '@sallyport/contracts';
import { stringify } from 'csv-stringify/sync';
import { inBatches } from './batches.js';
import { resultColumns } from './result-columns.js';

const BATCH_ROWS = 500;

/** Results as CSV (RFC 4180, UTF-8, with a header). A text that a spreadsheet would take for a formula begins with an apostrophe. */
export async function* csvResults(results: AsyncIterable<AuditResult>, codes: readonly string[]): AsyncGenerator<string> {
  const columns = resultColumns(codes);
  yield row(columns.map(({ name }) => name));
  for await (const batch of inBatches(results, BATCH_ROWS)) yield batch.map((result) => row(columns.map(({ value }) => plain(value(result))))).join('');
}

/** Readers take a newline alone for the end of a row too, so it is quoted though rows end with both characters. */
const row = (cells: Array<string | number | undefined>): string => stringify([cells], { escape_formulas: true, record_delimiter: '\r\n', quoted_match: /[\r\n]/ });

const plain = (value: number | string | Date | undefined): string | number | undefined => (value instanceof Date ? value.toISOString() : value);
