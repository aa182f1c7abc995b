import type { FileHandle } from 'node:fs/promises';

/** ONNX Runtime maps external data; aligned tensors are used in place. */
const ALIGNMENT = 4096;

export interface WeightPlace {
  offset: number;
  byteLength: number;
}

/** The external data file of a graph. Places are reserved first and filled run by run, so that no tensor is ever in memory as a whole. */
export class WeightFile {
  private end = 0;

  constructor(
    private readonly file: FileHandle,
    readonly name: string,
  ) {}

  reserve(byteLength: number): WeightSlot {
    const offset = Math.ceil(this.end / ALIGNMENT) * ALIGNMENT;
    this.end = offset + byteLength;
    return new WeightSlot(this.file, { offset, byteLength });
  }

  /** Makes the file as long as its last place, even if nothing was written there. */
  async finish(): Promise<void> {
    await this.file.truncate(this.end);
  }
}

/** The place of one tensor, filled from front to back. */
export class WeightSlot {
  private written = 0;

  constructor(
    private readonly file: FileHandle,
    readonly place: WeightPlace,
  ) {}

  async write(part: ArrayBufferView): Promise<void> {
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    if (this.written + bytes.length > this.place.byteLength) throw new RangeError(`A tensor of ${this.place.byteLength} bytes was given ${this.written + bytes.length}.`);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, done, Math.min(bytes.length - done, 1 << 30), this.place.offset + this.written);
      done += bytesWritten;
      this.written += bytesWritten;
    }
  }
}
