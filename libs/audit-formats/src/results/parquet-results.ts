import type { AuditResult } from '@sallyport/contracts';
import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { inBatches } from './batches.js';
import { type ResultColumn, resultColumns } from './result-columns.js';

/** Rows of one group, all of which are in memory. */
const GROUP_ROWS = 10_000;

/** Results as Parquet (snappy), written row group by row group. */
export async function* parquetResults(results: AsyncIterable<AuditResult>, codes: readonly string[]): AsyncGenerator<Buffer> {
  const columns = resultColumns(codes);
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: columnData(columns, []) }) });
  for await (const group of inBatches(results, GROUP_ROWS)) {
    await writer.write({ columnData: columnData(columns, group), rowGroupSize: GROUP_ROWS });
    yield taken(bytes);
  }
  await writer.finish();
  yield taken(bytes);
}

/** Indexes of pages would have to be kept until the end. */
const columnData = (columns: readonly ResultColumn[], results: readonly AuditResult[]): ColumnSource[] =>
  columns.map(({ name, type, value }) => ({ name, type, nullable: name !== 'line', offsetIndex: false, data: results.map((result) => value(result) ?? null) }));

/** What was written since the last call; the writer goes on counting where it is in the file. */
function taken(bytes: ByteWriter): Buffer {
  const copy = Buffer.from(bytes.getBytes());
  bytes.index = 0;
  return copy;
}
