import { writeFile } from 'node:fs/promises';

/** Writes the bytes of a GGUF header value by value, so that a test can lie about any of them. */
export class GgufBytes {
  private readonly parts: Buffer[] = [];

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.raw(bytes);
  }

  u64(value: bigint | number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.raw(bytes);
  }

  text(value: string): this {
    return this.u64(Buffer.byteLength(value)).raw(Buffer.from(value));
  }

  raw(bytes: Buffer): this {
    this.parts.push(bytes);
    return this;
  }

  header(tensors: bigint | number, metadata: bigint | number): this {
    return this.raw(Buffer.from('GGUF')).u32(3).u64(tensors).u64(metadata);
  }

  tensor(name: string, dimensions: number[], type: number, offset: number): this {
    this.text(name).u32(dimensions.length);
    for (const dimension of dimensions) this.u64(dimension);
    return this.u32(type).u64(offset);
  }

  /** Zeros up to the next multiple of 32, then `bytes` zeros of tensor data. */
  data(bytes: number): this {
    const length = this.parts.reduce((sum, part) => sum + part.length, 0);
    return this.raw(Buffer.alloc(((32 - (length % 32)) % 32) + bytes));
  }

  async write(path: string, cutTo?: number): Promise<string> {
    const all = Buffer.concat(this.parts);
    await writeFile(path, cutTo === undefined ? all : all.subarray(0, cutTo));
    return path;
  }
}
