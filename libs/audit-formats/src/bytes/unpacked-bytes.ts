import { createGunzip } from 'node:zlib';
import { badFile, tooLarge } from '../format-error.js';
import { peekBytes, toBuffer } from './peeked-bytes.js';
import { piped } from './piped-bytes.js';
import { unpackZstd } from './zstd-bytes.js';

/** How far a packed file may unpack: to so many bytes, and to so many times its size. */
export interface UnpackLimits {
  bytes: number;
  ratio: number;
}

/** Below this the ratio says nothing: a short log of equal lines packs well. */
const RATIO_FROM_BYTES = 64 * 1024 * 1024;

const MAGIC: ReadonlyArray<[kind: Packing, magic: number[]]> = [['gzip', [0x1f, 0x8b]], ['zstd', [0x28, 0xb5, 0x2f, 0xfd]]];

export type Packing = 'gzip' | 'zstd';

/** Tells by its first bytes how a file is packed, whatever it is called; undefined for one that is not. */
export function packingOf(head: Uint8Array): Packing | undefined {
  return MAGIC.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0];
}

/** The bytes of a file, unpacked where it is packed. Throws `unprocessable` for a broken file, `request_too_large` for one that unpacks too far. */
export async function unpacked(source: AsyncIterable<Uint8Array>, limits: UnpackLimits): Promise<{ packing: Packing | undefined; bytes: AsyncIterable<Buffer> }> {
  const { head, bytes } = await peekBytes(source, 4);
  const packing = packingOf(head);
  if (packing === undefined) return { packing, bytes };
  const counted = new CountedBytes(bytes);
  return { packing, bytes: bounded(packing === 'gzip' ? gunzipped(counted) : unpackZstd(counted), counted, limits) };
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* piped<Buffer>(source, createGunzip());
  } catch (error) {
    throw isZlibError(error) ? badFile('The file is not complete, valid gzip. Pack it again, or send it unpacked.') : error;
  }
}

const isZlibError = (error: unknown): boolean => error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

async function* bounded(source: AsyncIterable<Uint8Array>, packed: CountedBytes, { bytes, ratio }: UnpackLimits): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > bytes) throw tooLarge(`The file unpacks to more than ${bytes} bytes. Send it in parts.`);
    if (length > RATIO_FROM_BYTES && length > packed.length * ratio) throw tooLarge(`The file unpacks to more than ${ratio} times its size, which no log does. Send it unpacked.`);
    yield toBuffer(chunk);
  }
}

/** Passes bytes on and counts them. */
class CountedBytes implements AsyncIterable<Buffer> {
  length = 0;

  constructor(private readonly source: AsyncIterable<Buffer>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.source) {
      this.length += chunk.length;
      yield chunk;
    }
  }
}
