import type { SallyportError } from '@sallyport/contracts';
import { CsvError, parse, type Parser } from 'csv-parse';
import { peekBytes } from '../bytes/peeked-bytes.js';
import { piped } from '../bytes/piped-bytes.js';
import { badFile, badRecord, tooLarge } from '../format-error.js';
import { failedRecord, type Fields, type RecordStream, type SourceRecord, tooLongRecord } from '../records/source-record.js';
import { delimiterOf, type Delimiter } from './csv-delimiter.js';

/** A record as csv-parse gives it: raw fields, and how many blank lines were passed over before it. */
interface CsvRow {
  record: Buffer[];
  info: { empty_lines: number };
}

const HEADER_SAMPLE_BYTES = 64 * 1024;
/** Records so many times the longest are passed over; what is longer is a quote that was never closed. */
const UNCLOSED_RECORDS = 16;

/** Rows of a CSV or TSV file with a header. The delimiter is found out unless it is given. Throws `unprocessable` for a file without a usable header. */
export async function csvRecords(source: AsyncIterable<Buffer>, maxRecordBytes: number, given?: Delimiter): Promise<RecordStream> {
  const { head, bytes } = await peekBytes(source, HEADER_SAMPLE_BYTES);
  const rows = csvRows(bytes, { delimiter: given ?? delimiterOf(head), maxBytes: maxRecordBytes * UNCLOSED_RECORDS, returnsOnly: !head.includes(0x0a) });
  const header = await rows.next();
  if (header.done) return { columns: [], records: none() };
  const columns = readHeader(header.value.record);
  return { columns, records: readRows(rows, { columns, maxRecordBytes, headerLines: 1 + newlines(header.value.record) }) };
}

interface CsvRules {
  delimiter: Delimiter;
  maxBytes: number;
  /** Lines end with a carriage return alone. */
  returnsOnly: boolean;
}

async function* csvRows(source: AsyncIterable<Buffer>, { delimiter, maxBytes, returnsOnly }: CsvRules): AsyncGenerator<CsvRow> {
  const parser: Parser = parse({ delimiter, encoding: null, info: true, relax_quotes: true, relax_column_count: true, skip_empty_lines: true, max_record_size: maxBytes, record_delimiter: returnsOnly ? ['\r'] : ['\r\n', '\n'] });
  try {
    yield* piped<CsvRow>(source, parser);
  } catch (error) {
    throw error instanceof CsvError ? csvFailure(error, maxBytes) : error;
  }
}

/** The parser's message quotes the file, its code does not. The header is row 1. */
function csvFailure(error: CsvError, maxBytes: number): SallyportError {
  const row = Number(error['records'] ?? 0) + 1;
  if (error.code === 'CSV_MAX_RECORD_SIZE') return tooLarge(`Row ${row} of the file is longer than ${maxBytes} bytes; a quote may not be closed.`);
  return badFile(error.code === 'CSV_QUOTE_NOT_CLOSED' ? `A quote that is opened in row ${row} of the file is never closed.` : `Row ${row} of the file is not valid CSV.`);
}

function readHeader(record: Buffer[]): string[] {
  const columns = record.map((name) => decode(name)?.trim());
  if (columns.some((name) => name === undefined)) throw badFile('The header of the file is not UTF-8. Save the file as UTF-8.');
  return columns as string[];
}

interface RowRules {
  columns: string[];
  maxRecordBytes: number;
  headerLines: number;
}

/** Lines are counted here: the parser takes a carriage return and a newline inside quotes for two. */
async function* readRows(rows: AsyncIterable<CsvRow>, { columns, maxRecordBytes, headerLines }: RowRules): AsyncGenerator<SourceRecord> {
  let lines = headerLines;
  for await (const { record, info } of rows) {
    const line = lines + info.empty_lines + 1;
    lines += 1 + newlines(record);
    yield bytesOf(record) > maxRecordBytes ? tooLongRecord(line) : readRow(record, columns, line);
  }
}

function readRow(record: Buffer[], columns: string[], line: number): SourceRecord {
  try {
    if (record.length !== columns.length) throw badRecord(`The row has ${record.length} fields, but the header has ${columns.length}.`);
    const fields: Fields = Object.create(null) as Fields;
    for (const [at, bytes] of record.entries()) fields[columns[at]!] ??= requireText(bytes, at);
    return { line, fields };
  } catch (error) {
    return failedRecord(line, error);
  }
}

function requireText(bytes: Buffer, at: number): string {
  const text = decode(bytes);
  if (text === undefined) throw badRecord(`Field ${at + 1} of the row is not UTF-8.`);
  return text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const bytesOf = (record: Buffer[]): number => record.reduce((sum, field) => sum + field.length, 0);

/** Line ends inside the quotes of a record. */
function newlines(record: Buffer[]): number {
  let count = 0;
  for (const field of record) for (let at = field.indexOf(0x0a); at !== -1; at = field.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

async function* none(): AsyncGenerator<SourceRecord> {}
