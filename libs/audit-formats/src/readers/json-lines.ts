import { badFile } from '../format-error.js';
import { failedRecord, type RecordStream, type SourceRecord, tooLongRecord } from '../records/source-record.js';
import { parseJsonBytes, requireFields } from '../records/strict-json.js';
import { ndjsonLines } from './ndjson-lines.js';

/** One JSON object a line; blank lines are counted and left out. Throws `unprocessable` for a file that begins with something else. */
export function jsonLines(bytes: AsyncIterable<Buffer>, maxRecordBytes: number): RecordStream {
  return { columns: undefined, records: readLines(bytes, maxRecordBytes) };
}

async function* readLines(source: AsyncIterable<Buffer>, maxRecordBytes: number): AsyncGenerator<SourceRecord> {
  for await (const { line, bytes } of ndjsonLines(source, maxRecordBytes)) yield bytes === undefined ? tooLongRecord(line) : readLine(line, bytes);
}

function readLine(line: number, bytes: Buffer): SourceRecord {
  try {
    return { line, fields: requireFields(parseJsonBytes(bytes)) };
  } catch (error) {
    return failedRecord(line, error);
  }
}

/** What a file named as JSON lines must not begin with. */
export const notJsonLines = () => badFile("The file is not JSON lines: its first character is not '{'. Name its format in 'format', or send one JSON object a line.");
