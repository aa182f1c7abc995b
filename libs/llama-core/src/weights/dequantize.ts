import { blockFormatOf, readGroups } from './block-groups.js';
import { halfToFloat } from './float16.js';
import { BLOCK, type BlockType, type DType } from './tensor-source.js';

/** Bytes as a typed-array view, copied only where the offset is not aligned. */
const aligned = (bytes: Uint8Array, size: number): Uint8Array => (bytes.byteOffset % size === 0 ? bytes : bytes.slice());

type PlainType = Exclude<DType, BlockType>;

const PLAIN: Record<PlainType, (bytes: Uint8Array, out: Float32Array) => void> = {
  F32: (bytes, out) => {
    const view = aligned(bytes, 4);
    out.set(new Float32Array(view.buffer, view.byteOffset, out.length));
  },
  F16: (bytes, out) => {
    for (let i = 0; i < out.length; i++) out[i] = halfToFloat(bytes[i * 2]! | (bytes[i * 2 + 1]! << 8));
  },
  BF16: (bytes, out) => {
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = (bytes[i * 2]! << 16) | (bytes[i * 2 + 1]! << 24);
  },
  I8: (bytes, out) => out.set(new Int8Array(bytes.buffer, bytes.byteOffset, out.length)),
};

/** Any checkpoint type as float32; `bytes` holds whole blocks. */
export function dequantize(dtype: DType, bytes: Uint8Array): Float32Array {
  const format = blockFormatOf(dtype);
  if (format) return multiplyOut(dtype as BlockType, bytes, format.group);
  const out = new Float32Array(bytes.byteLength / BLOCK[dtype][1]);
  PLAIN[dtype as PlainType](bytes, out);
  return out;
}

function multiplyOut(dtype: BlockType, bytes: Uint8Array, group: number): Float32Array {
  const { codes, scales, minima } = readGroups(dtype, bytes);
  const out = new Float32Array(codes.length);
  for (let g = 0, i = 0; g < scales.length; g++) {
    const scale = scales[g]!;
    const minimum = minima?.[g] ?? 0;
    for (const end = i + group; i < end; i++) out[i] = codes[i]! * scale + minimum;
  }
  return out;
}
