/** A file of which any part can be read. */
export interface ByteFile {
  byteLength: number;
  /** The bytes from `start` to before `end`. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}
