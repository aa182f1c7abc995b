import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import type { Compressors } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { badFile } from '../format-error.js';
import { MAX_PAGE_BYTES } from './parquet-limits.js';

type Decompress = (input: Uint8Array, bytes: number) => Uint8Array;

/** Codecs of Parquet pages. None writes more than the page says, and no page says more than {@link MAX_PAGE_BYTES}. */
export const PAGE_COMPRESSORS: Compressors = {
  ...Object.fromEntries(Object.entries(compressors).map(([codec, decompressPage]) => [codec, bounded(decompressPage as Decompress)])),
  GZIP: bounded((input, bytes) => gunzipSync(input, { maxOutputLength: Math.max(bytes, 1) })),
  ZSTD: bounded((input, bytes) => decompress(input, new Uint8Array(bytes))),
};

function bounded(decompressPage: Decompress): Decompress {
  return (input, bytes) => {
    if (bytes > MAX_PAGE_BYTES) throw badFile(`A page of the Parquet file is larger than ${MAX_PAGE_BYTES} bytes.`);
    return decompressPage(input, bytes);
  };
}
