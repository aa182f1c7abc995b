import type { FileMetaData, RowGroup } from 'hyparquet';
import { parquetReadObjects, parquetSchema } from 'hyparquet';
import { SallyportError } from '@sallyport/contracts';
import type { ByteFile } from '../bytes/byte-file.js';
import { badFile } from '../format-error.js';
import type { Fields, RecordStream, SourceRecord } from '../records/source-record.js';
import { checkFooter, readFooter } from './parquet-footer.js';
import { WINDOW_BYTES } from './parquet-limits.js';
import { PAGE_COMPRESSORS } from './parquet-compressors.js';
import { checkPages, isNested, type Selection } from './parquet-pages.js';
import { plainValue } from './parquet-values.js';

/** An open Parquet file. */
export interface ParquetFile {
  columns: string[];
  /** The rows, one row group at a time, of the named columns alone. */
  rows(columns: readonly string[]): RecordStream;
}

/** Opens a Parquet file by its footer. Throws `unprocessable` for one that is not complete, or whose footer does not add up. */
export async function openParquet(file: ByteFile): Promise<ParquetFile> {
  const metadata = await readFooter(file);
  const schema = known(() => parquetSchema(metadata));
  checkFooter(metadata, file.byteLength);
  const columns = schema.children.map(({ element }) => element.name);
  return { columns, rows: (wanted) => ({ columns, records: readGroups(file, metadata, { schema, wanted }) }) };
}

async function* readGroups(file: ByteFile, metadata: FileMetaData, selection: Selection): AsyncGenerator<SourceRecord> {
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    await checkPages(file, group, selection);
    for (let at = 0, step = windowRows(group, selection); at < rows; at += step) {
      yield* readWindow(file, metadata, { columns: [...selection.wanted], rowStart: first + at, rowEnd: first + Math.min(rows, at + step) });
    }
    first += rows;
  }
}

interface Window {
  columns: string[];
  rowStart: number;
  rowEnd: number;
}

async function* readWindow(file: ByteFile, metadata: FileMetaData, window: Window): AsyncGenerator<SourceRecord> {
  const rows = await decodeWindow(file, metadata, window);
  // One at a time: a copy of all rows would be as large as the rows.
  for (const [at, row] of rows.entries()) yield { line: window.rowStart + at + 1, fields: plainValue(row) as Fields };
}

async function decodeWindow(file: ByteFile, metadata: FileMetaData, window: Window): Promise<object[]> {
  try {
    const rows = await parquetReadObjects({ file, metadata, ...window, compressors: PAGE_COMPRESSORS, parsers: { stringFromBytes: textOf } });
    if (rows.length !== window.rowEnd - window.rowStart) throw broken();
    return rows;
  } catch (error) {
    throw error instanceof SallyportError ? error : broken();
  }
}

/** Flat columns can be read in parts; a nested one is decoded as a whole for every part. */
function windowRows(group: RowGroup, { schema, wanted }: Selection): number {
  const rows = Number(group.num_rows);
  if (schema.children.some((column) => wanted.includes(column.element.name) && isNested(column))) return Math.max(rows, 1);
  const bytes = group.columns.reduce((sum, { meta_data: meta }) => sum + (meta && wanted.includes(meta.path_in_schema[0]!) ? Number(meta.total_uncompressed_size) : 0), 0);
  return Math.max(1_000, Math.ceil((rows * WINDOW_BYTES) / Math.max(bytes, 1)));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text, or the bytes themselves where they are not UTF-8: their row then fails by the name of its field. */
function textOf(bytes: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

function known<T>(step: () => T): T {
  try {
    return step();
  } catch {
    throw broken();
  }
}

const broken = () => badFile('The file is not complete, valid Parquet, or uses an encoding that is not supported.');
