import { type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import type { ByteFile } from '../bytes/byte-file.js';
import { badFile, tooLarge } from '../format-error.js';
import { MAX_FOOTER_BYTES, MAX_GROUP_ROWS } from './parquet-limits.js';

const MAGIC = 'PAR1';
const TAIL_BYTES = 8;

/** Reads the footer. Throws `unprocessable` where it is not there as a whole. */
export async function readFooter(file: ByteFile): Promise<FileMetaData> {
  if (file.byteLength < MAGIC.length + TAIL_BYTES) throw truncated();
  const tail = Buffer.from(await file.slice(file.byteLength - TAIL_BYTES, file.byteLength));
  const footerBytes = tail.readUInt32LE(0);
  if (tail.toString('latin1', 4) !== MAGIC || footerBytes > file.byteLength - TAIL_BYTES - MAGIC.length) throw truncated();
  if (footerBytes > MAX_FOOTER_BYTES) throw tooLarge(`The footer of the Parquet file is larger than ${MAX_FOOTER_BYTES} bytes.`);
  try {
    return await parquetMetadataAsync(file);
  } catch {
    throw badFile('The footer of the Parquet file cannot be read.');
  }
}

const truncated = () => badFile('The file begins like Parquet but does not end like it. Send it as a whole.');

/** Throws where the footer claims what the file can't hold. */
export function checkFooter(metadata: FileMetaData, fileBytes: number): void {
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows !== Number(metadata.num_rows)) throw badFile(`The footer of the Parquet file claims ${metadata.num_rows} rows, but its row groups hold ${rows}.`);
  for (const group of metadata.row_groups) {
    if (group.num_rows < 0n || group.num_rows > MAX_GROUP_ROWS) throw tooLarge(`A row group of the Parquet file claims more than ${MAX_GROUP_ROWS} rows.`);
    for (const { meta_data: meta, file_path: path } of group.columns) {
      if (!meta || path) throw badFile('The Parquet file keeps columns in other files, which is not supported.');
      const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
      const end = start + Number(meta.total_compressed_size);
      if (!(start >= MAGIC.length && meta.total_compressed_size >= 0n && end <= fileBytes - TAIL_BYTES)) throw badFile('The footer of the Parquet file claims columns that lie outside the file.');
    }
  }
}
