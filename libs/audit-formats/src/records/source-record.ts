import { type ErrorPayload, SallyportError } from '@sallyport/contracts';

/** The fields of a record by column. */
export type Fields = Record<string, unknown>;

/** What one place of a file holds: fields, or why it cannot be read. */
export type SourceRecord = ReadRecord | FailedRecord;

/** `line` is the physical line on which the record starts, or the row of a table or element of a list; all count from 1. */
export interface ReadRecord {
  line: number;
  fields: Fields;
}

export interface FailedRecord {
  line: number;
  failure: ErrorPayload;
}

/** Records with what is known of their columns before the first of them; undefined where every record has its own. */
export interface RecordStream {
  columns: string[] | undefined;
  records: AsyncIterable<SourceRecord>;
}

/** A record whose reading failed. */
export const failedRecord = (line: number, error: unknown): FailedRecord => ({ line, failure: SallyportError.from(error).toPayload() });

/** A record that is longer than this server accepts. */
export const tooLongRecord = (line: number): FailedRecord => failedRecord(line, new SallyportError('request_too_large', 'The line is longer than this server accepts.'));
