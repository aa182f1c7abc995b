import type { ColumnMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { SallyportError } from '@sallyport/contracts';
import type { ByteFile } from '../bytes/byte-file.js';
import { badFile, tooLarge } from '../format-error.js';
import { MAX_GROUP_BYTES, MAX_NESTED_GROUP_BYTES, MAX_PAGE_BYTES, MAX_PAGE_VALUES } from './parquet-limits.js';

/** The columns that are read. */
export interface Selection {
  schema: SchemaTree;
  wanted: readonly string[];
}

/** Lists, structs and maps; they are decoded row group by row group, all others in parts. */
export const isNested = ({ element, children }: SchemaTree): boolean => children.length > 0 || element.repetition_type === 'REPEATED';

/** Throws where the pages of the wanted columns of a row group do not hold what its footer claims, or more than is decoded at a time. Decodes nothing. */
export async function checkPages(file: ByteFile, group: RowGroup, { schema, wanted }: Selection): Promise<void> {
  const nested = schema.children.some((column) => wanted.includes(column.element.name) && isNested(column));
  const limit = nested ? MAX_NESTED_GROUP_BYTES : MAX_GROUP_BYTES;
  let bytes = 0;
  for (const { meta_data: meta } of group.columns) {
    if (!meta || !wanted.includes(meta.path_in_schema[0]!)) continue;
    bytes += await checkColumn(file, meta, group);
    if (bytes > limit) throw tooLarge(`A row group of the Parquet file unpacks to more than ${limit} bytes${nested ? ', which is too much where columns are nested' : ''}. Write it with smaller row groups, such as 10000 rows.`);
  }
}

/** Unpacked bytes of a column. */
async function checkColumn(file: ByteFile, meta: ColumnMetaData, group: RowGroup): Promise<number> {
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const { values, bytes } = sumPages(new DataView(await file.slice(start, start + Number(meta.total_compressed_size))));
  const flat = meta.path_in_schema.length === 1;
  if (values !== Number(meta.num_values) || (flat && values !== Number(group.num_rows))) throw badFile(`The footer of the Parquet file claims ${flat ? group.num_rows : meta.num_values} values, but the pages of a column hold ${values}.`);
  return bytes;
}

function sumPages(view: DataView<ArrayBuffer>): { values: number; bytes: number } {
  const reader = { view, offset: 0 };
  let [values, bytes] = [0, 0];
  while (reader.offset < view.byteLength - 1) {
    const page = pageAt(reader);
    values += page.values;
    bytes += page.bytes;
  }
  return { values, bytes };
}

function pageAt(reader: { view: DataView<ArrayBuffer>; offset: number }): { values: number; bytes: number } {
  try {
    const header = parquetHeader(reader);
    const values = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0;
    const entries = Math.max(values, header.dictionary_page_header?.num_values ?? 0);
    if (!(entries >= 0 && entries <= MAX_PAGE_VALUES && header.uncompressed_page_size >= 0 && header.uncompressed_page_size <= MAX_PAGE_BYTES)) throw tooLarge(`A page of the Parquet file claims more than ${MAX_PAGE_VALUES} values or ${MAX_PAGE_BYTES} bytes.`);
    if (!(header.compressed_page_size >= 0)) throw brokenPage();
    reader.offset += header.compressed_page_size;
    if (reader.offset > reader.view.byteLength) throw brokenPage();
    return { values, bytes: header.uncompressed_page_size };
  } catch (error) {
    throw error instanceof SallyportError ? error : brokenPage();
  }
}

const brokenPage = () => badFile('A page of the Parquet file cannot be read.');
