import type { ByteFile } from './byte-file.js';

/** A file that is kept for a while: readable in any order, and from its beginning as often as needed. */
export interface SpooledFile extends ByteFile {
  bytes(): AsyncIterable<Buffer>;
}
