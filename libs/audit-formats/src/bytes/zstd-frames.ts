import { tooLarge } from '../format-error.js';

/** The decoder reserves the window that a frame asks for; zstd itself makes larger ones only with --long. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
const MAX_HEADER_BYTES = 18;
const BLOCK_HEADER_BYTES = 3;
const RLE_BLOCK = 1;

type Expected = 'frame' | 'block';

/** Follows the frames of a zstd stream (RFC 8878, 3.1.1) without unpacking them, to refuse a window before a decoder reserves it. */
export class ZstdFrames {
  private pending = Buffer.alloc(0);
  private expected: Expected = 'frame';
  private skip = 0;
  private checksum = false;

  /** Looks at the next bytes. Throws `request_too_large`. */
  add(chunk: Buffer): void {
    let rest = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    for (;;) {
      const passed = Math.min(this.skip, rest.length);
      this.skip -= passed;
      rest = rest.subarray(passed);
      const used = this.skip > 0 ? 0 : this.step(rest);
      if (used === 0) break;
      rest = rest.subarray(used);
    }
    this.pending = Buffer.from(rest);
  }

  /** How many bytes were understood; 0: more are needed, or they are no frame and the decoder will say so. */
  private step(bytes: Buffer): number {
    return this.expected === 'frame' ? this.frame(bytes) : this.block(bytes);
  }

  private frame(bytes: Buffer): number {
    if (bytes.length < MAX_HEADER_BYTES) return 0;
    if (bytes.readUInt32LE() !== 0xfd2fb528) return this.skippable(bytes);
    const descriptor = bytes[4]!;
    const single = (descriptor & 0x20) !== 0;
    const dictionaryAt = single ? 5 : 6;
    const contentAt = dictionaryAt + [0, 1, 2, 4][descriptor & 3]!;
    const window = single ? contentBytes(bytes, contentAt, descriptor >> 6) : 2 ** (10 + (bytes[5]! >> 3)) * (1 + (bytes[5]! & 7) / 8);
    if (window > MAX_WINDOW_BYTES) throw tooLarge(`The file was packed with a window of more than ${MAX_WINDOW_BYTES} bytes. Pack it as a stream, and without --long.`);
    this.expected = 'block';
    this.checksum = (descriptor & 4) !== 0;
    return contentAt + ((descriptor >> 6) === 0 ? (single ? 1 : 0) : 2 ** (descriptor >> 6));
  }

  private skippable(bytes: Buffer): number {
    if ((bytes.readUInt32LE() & 0xfffffff0) >>> 0 !== 0x184d2a50) return 0;
    this.skip = bytes.readUInt32LE(4);
    return 8;
  }

  private block(bytes: Buffer): number {
    if (bytes.length < BLOCK_HEADER_BYTES) return 0;
    const header = bytes.readUIntLE(0, BLOCK_HEADER_BYTES);
    const [last, type, size] = [(header & 1) === 1, (header >> 1) & 3, header >> 3];
    this.skip = (type === RLE_BLOCK ? 1 : size) + (last && this.checksum ? 4 : 0);
    if (last) this.expected = 'frame';
    return BLOCK_HEADER_BYTES;
  }
}

function contentBytes(bytes: Buffer, at: number, width: number): number {
  if (width === 3) return Number(bytes.readBigUInt64LE(at));
  if (width === 2) return bytes.readUInt32LE(at);
  return width === 1 ? bytes.readUInt16LE(at) + 256 : bytes[at]!;
}
