import type { FileHandle } from 'node:fs/promises';

/** GGUF types whose elements share scales in blocks. */
export type BlockType = 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0' | 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K';

/** Element types that a checkpoint may hold. */
export type DType = 'F32' | 'F16' | 'BF16' | 'I8' | BlockType;

/** [elements, bytes] of one block of a type. */
export const BLOCK: Record<DType, readonly [elements: number, bytes: number]> = {
  F32: [1, 4],
  F16: [1, 2],
  BF16: [1, 2],
  I8: [1, 1],
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q5_0: [32, 22],
  Q5_1: [32, 24],
  Q8_0: [32, 34],
  Q2_K: [256, 84],
  Q3_K: [256, 110],
  Q4_K: [256, 144],
  Q5_K: [256, 176],
  Q6_K: [256, 210],
};

/** Where a tensor's bytes lie; `shape` is row-major, outermost dimension first. */
export interface TensorInfo {
  name: string;
  dtype: DType;
  shape: readonly number[];
  /** Index of the file in the source. */
  file: number;
  offset: number;
  byteLength: number;
}

/** A checkpoint whose tensors are read piece by piece, never as a whole. */
export interface TensorSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** `byteLength` bytes of a tensor from its byte `from` on; default: all of it. */
  read(info: TensorInfo, from?: number, byteLength?: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Bytes that `elements` elements of a type take. */
export function bytesOf(dtype: DType, elements: number): number {
  const [perBlock, bytes] = BLOCK[dtype];
  return (elements / perBlock) * bytes;
}

/** Bytes that a tensor of this type and shape must have. */
export const byteLengthOf = (dtype: DType, shape: readonly number[]): number => bytesOf(dtype, elementCount(shape));

/** Reads exactly `length` bytes; null when the file ends before. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, Math.min(length - done, 1 << 30), offset + done);
    if (bytesRead === 0) return null;
    done += bytesRead;
  }
  return buffer;
}
