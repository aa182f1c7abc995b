import type { FileHandle } from 'node:fs/promises';
import { LlamaCoreError } from '../errors.js';

const WINDOW_BYTES = 1 << 20;
/** Headers longer than this are refused; those with the largest vocabularies have about 20 MB. */
const MAX_HEADER_BYTES = 256 << 20;
/** A piece of a vocabulary may begin with U+FEFF, which is a character there and no mark. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads little-endian values one after the other from a file, a megabyte at a time; every read is checked against the file's end. */
export class ByteCursor {
  private window = new DataView(new ArrayBuffer(0));
  private windowStart = 0;
  position = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  get remaining(): number {
    return this.size - this.position;
  }

  /** True when the next bytes are in memory, so that the methods ending in `Now` may be called: a header has half a million small values, too many to wait for each. */
  holds(bytes: number): boolean {
    return this.position - this.windowStart + bytes <= this.window.byteLength;
  }

  /** Makes `bytes` bytes from the current position available; the only part that waits for the disk. */
  async fill(bytes: number): Promise<void> {
    if (bytes > this.remaining) throw new LlamaCoreError('gguf_invalid', `The header needs ${bytes} more bytes at byte ${this.position}, the file ends at ${this.size}.`);
    if (this.position + bytes > MAX_HEADER_BYTES) throw new LlamaCoreError('gguf_invalid', `The header has more than ${MAX_HEADER_BYTES} bytes.`);
    if (this.holds(bytes)) return;
    const buffer = new Uint8Array(Math.min(Math.max(bytes, WINDOW_BYTES), this.remaining));
    let done = 0;
    while (done < bytes) {
      const { bytesRead } = await this.file.read(buffer, done, buffer.length - done, this.position + done);
      if (bytesRead === 0) throw new LlamaCoreError('gguf_invalid', `The file ended at byte ${this.position + done}.`);
      done += bytesRead;
    }
    this.window = new DataView(buffer.buffer, 0, done);
    this.windowStart = this.position;
  }

  /** Reads one value of `bytes` bytes. */
  async take<T>(bytes: number, read: (view: DataView, offset: number) => T): Promise<T> {
    await this.fill(bytes);
    return this.takeNow(bytes, read);
  }

  takeNow<T>(bytes: number, read: (view: DataView, offset: number) => T): T {
    const value = read(this.window, this.position - this.windowStart);
    this.position += bytes;
    return value;
  }

  peekNow<T>(read: (view: DataView, offset: number) => T): T {
    return read(this.window, this.position - this.windowStart);
  }

  /** Text of `length` bytes. */
  textNow(length: number): string {
    return this.takeNow(length, (view, offset) => utf8.decode(new Uint8Array(view.buffer, view.byteOffset + offset, length)));
  }
}
