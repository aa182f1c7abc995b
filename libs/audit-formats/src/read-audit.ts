import type { AuditOptions, AuditSample } from '@sallyport/contracts';
import { peekBytes } from './bytes/peeked-bytes.js';
import type { SpooledFile } from './bytes/spooled-file.js';
import { unpacked, type UnpackLimits } from './bytes/unpacked-bytes.js';
import { utf8Bytes } from './bytes/utf8-bytes.js';
import { type Container, containerOf, isParquet } from './detect-format.js';
import { csvRecords } from './readers/csv-records.js';
import { jsonArray } from './readers/json-array.js';
import { jsonLines } from './readers/json-lines.js';
import { openParquet } from './readers/parquet-rows.js';
import type { LineRules } from './records/canonical-line.js';
import { checkFirst } from './records/check-first.js';
import { columnsInUse } from './records/field-map.js';
import { peekRecords } from './records/peeked-records.js';
import type { RecordStream, SourceRecord } from './records/source-record.js';
import type { AuditLine } from './records/stored-line.js';
import { AuditLines } from './records/audit-lines.js';
import { countOfLines, everyLine, type LineSample, shareOfLines } from './selection/line-sample.js';

/** What tells how a text's records are kept. */
const HEAD_BYTES = 4_096;

/** What the reader of a file may use. */
export interface ReadResources {
  /** Longer records become error rows. */
  maxRecordBytes: number;
  unpack: UnpackLimits;
  /** Keeps bytes where they can be read in any order, and more than once. */
  spool(bytes: AsyncIterable<Buffer>): Promise<SpooledFile>;
  /** How the records are kept where the content leaves it open, from the media type. */
  expected?: Container;
}

/** An audit's file, opened: its lines in order, and how many the sample leaves out of those read so far. */
export interface AuditSource {
  lines: AsyncIterable<AuditLine>;
  skipped(): number;
}

/**
 * Opens a file of any format, packed or not, and makes canonical lines of its records.
 * @throws SallyportError naming the option or saying what is wrong with the file, at once or while it is read; a record at fault is a line with a failure.
 */
export async function readAudit(source: AsyncIterable<Uint8Array>, options: AuditOptions, resources: ReadResources): Promise<AuditSource> {
  const rules: LineRules = { fields: options.fields ?? {}, format: options.format };
  const { bytes } = await unpacked(source, resources.unpack);
  const { head, bytes: whole } = await peekBytes(bytes, 4);
  const open = isParquet(head) ? await openTable(whole, rules, resources) : await openText(whole, { rules, resources, again: options.sample?.count !== undefined });
  const sample = await chooseLines(options.sample, open);
  const stream = await open();
  const { first, records } = await peekRecords(stream.records);
  checkFirst(first, rules, stream.columns !== undefined);
  const lines = new AuditLines(records, { rules, sample, maxChars: resources.unpack.bytes });
  return { lines, skipped: () => lines.skipped };
}

/** Opens the records; where they are needed twice it may be called twice. */
type OpenRecords = () => Promise<RecordStream>;

async function openTable(bytes: AsyncIterable<Buffer>, rules: LineRules, { spool }: ReadResources): Promise<OpenRecords> {
  containerOf(Buffer.from('PAR1'), rules.format);
  const table = await openParquet(await spool(bytes));
  const columns = columnsInUse(rules.fields, table.columns);
  return async () => table.rows(columns);
}

interface TextRules {
  rules: LineRules;
  resources: ReadResources;
  again: boolean;
}

async function openText(source: AsyncIterable<Buffer>, { rules, resources, again }: TextRules): Promise<OpenRecords> {
  const { head, bytes } = await peekBytes(await utf8Bytes(source), HEAD_BYTES);
  const container = containerOf(head, rules.format, resources.expected);
  const file = again ? await resources.spool(bytes) : undefined;
  return async () => {
    const stream = await openContainer(container, file?.bytes() ?? bytes, resources.maxRecordBytes);
    if (stream.columns && stream.columns.length > 0) columnsInUse(rules.fields, stream.columns);
    return stream;
  };
}

async function openContainer(container: Container, bytes: AsyncIterable<Buffer>, maxRecordBytes: number): Promise<RecordStream> {
  if (container === 'json') return jsonArray(bytes, maxRecordBytes);
  if (container === 'csv') return csvRecords(bytes, maxRecordBytes);
  return container === 'tsv' ? csvRecords(bytes, maxRecordBytes, '\t') : jsonLines(bytes, maxRecordBytes);
}

async function chooseLines({ share, count, seed = 0 }: AuditSample = {}, open: OpenRecords): Promise<LineSample> {
  if (count !== undefined) return countOfLines(count, seed, lineNumbers((await open()).records));
  return share === undefined ? everyLine : shareOfLines(share, seed);
}

async function* lineNumbers(records: AsyncIterable<SourceRecord>): AsyncGenerator<number> {
  for await (const { line } of records) yield line;
}
