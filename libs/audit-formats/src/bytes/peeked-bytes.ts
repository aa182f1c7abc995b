/** The first bytes of a stream, and the whole stream with them. */
export interface PeekedBytes {
  head: Buffer;
  bytes: AsyncIterable<Buffer>;
}

/** Reads up to `count` bytes ahead without losing them. Reads no further than it must; a stream that is never read on is never ended. */
export async function peekBytes(source: AsyncIterable<Uint8Array>, count: number): Promise<PeekedBytes> {
  const iterator = source[Symbol.asyncIterator]();
  const parts: Buffer[] = [];
  let length = 0;
  while (length < count) {
    const next = await iterator.next();
    if (next.done) break;
    parts.push(toBuffer(next.value));
    length += next.value.length;
  }
  const read = Buffer.concat(parts);
  return { head: read.subarray(0, count), bytes: rejoined(read, iterator) };
}

async function* rejoined(read: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    if (read.length > 0) yield read;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield toBuffer(next.value);
  } finally {
    await rest.return?.();
  }
}

/** The same bytes as a Buffer, not copied. */
export const toBuffer = (bytes: Uint8Array): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
