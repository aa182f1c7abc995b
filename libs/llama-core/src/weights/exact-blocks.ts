import { blockFormatOf, type BlockGroups, readGroups } from './block-groups.js';
import type { BlockLayout } from './block-layout.js';
import { dequantize } from './dequantize.js';
import { type QuantizedMatrix, quantizeRows } from './quantize-blocks.js';
import type { BlockType, DType } from './tensor-source.js';

/** A matrix of a checkpoint: whole rows of some element type. */
export interface RawMatrix {
  dtype: DType;
  bytes: Uint8Array;
  rows: number;
  columns: number;
}

/** Fewest bits in which a type's values move to `MatMulNBits` without any loss: small integers times one scale. Undefined for all other types. */
export function exactBitsOf(dtype: DType): 4 | 8 | undefined {
  const format = blockFormatOf(dtype);
  if (!format || format.affine) return undefined;
  return format.codes[0] >= -8 && format.codes[1] <= 7 ? 4 : 8;
}

/** Block size in which a type is nearest to its own values: the length of its groups. */
export const naturalBlockSize = (dtype: DType | undefined): 16 | 32 => (dtype && blockFormatOf(dtype)?.group) ?? 32;

/**
 * Quantizes a matrix of any checkpoint type. Q4_0 and Q3_K at 4 bits, and these, Q5_0, Q8_0 and Q6_K at 8 bits keep their exact values when a block is no
 * longer than the type's group. Types with a minimum (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K) at 8 bits mostly only round that minimum. All else is rounded from float32.
 */
export function quantizeTensor(tensor: RawMatrix, layout: BlockLayout): QuantizedMatrix {
  const { dtype, bytes, rows, columns } = tensor;
  const format = blockFormatOf(dtype);
  const { bits, blockSize } = layout;
  if (format && columns % blockSize === 0 && format.group % blockSize === 0) {
    const placed = { rows, columns, bits, blockSize, perGroup: format.group / blockSize };
    const exactBits = exactBitsOf(dtype);
    if (exactBits && exactBits <= bits) return placeExactly(readGroups(dtype as BlockType, bytes), placed);
    if (bits === 8 && format.affine) return placeStepped(readGroups(dtype as BlockType, bytes), format.codes[1], placed);
  }
  return quantizeRows(dequantize(dtype, bytes), rows, columns, layout);
}

interface Placing {
  rows: number;
  columns: number;
  bits: 4 | 8;
  blockSize: number;
  /** Blocks that one group of the file becomes. */
  perGroup: number;
}

function placeExactly({ codes, scales }: BlockGroups, { perGroup, ...shape }: Placing): QuantizedMatrix {
  const data = new Uint8Array((codes.length * shape.bits) / 8);
  if (shape.bits === 8) for (let i = 0; i < codes.length; i++) data[i] = codes[i]! + 128;
  else for (let i = 0; i < data.length; i++) data[i] = (codes[2 * i]! + 8) | ((codes[2 * i + 1]! + 8) << 4);
  return { ...shape, data, scales: repeated(scales, perGroup) };
}

const repeated = (values: Float32Array, times: number): Float32Array => (times === 1 ? values : Float32Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!));

/**
 * w = d·q + m in 8 bits: with the scale d / k every step of q is k levels, so only the offset m is rounded, and of all k the one that rounds it least
 * is taken. Measured on SmolLM2 (Q4_1): a third of the error of rounding each weight, which is what a group gets that lies too far from zero for this.
 */
function placeStepped({ codes, scales, minima }: BlockGroups, greatest: number, { perGroup, ...shape }: Placing): QuantizedMatrix {
  const data = new Uint8Array(codes.length);
  const stepScales = new Float32Array(scales.length);
  const group = codes.length / scales.length;
  for (let g = 0, i = 0; g < scales.length; g++) {
    const [d, m] = [scales[g]!, minima?.[g] ?? 0];
    const plain = Math.max(Math.abs(m), Math.abs(m + d * greatest)) / 127;
    const levels = levelsOf(d, m, greatest);
    stepScales[g] = levels?.scale ?? plain;
    for (const end = i + group; i < end; i++) data[i] = 128 + (levels ? levels.offset + levels.step * codes[i]! : Math.round((codes[i]! * d + m) / plain));
  }
  return { ...shape, data, scales: repeated(stepScales, perGroup) };
}

interface Levels {
  scale: number;
  /** Levels per step of q. */
  step: number;
  /** Level of m. */
  offset: number;
}

/** Scale and levels, all of them within −128…127; undefined where the group lies too far from zero. */
function levelsOf(d: number, m: number, greatest: number): Levels | undefined {
  if (d === 0) return { scale: Math.abs(m) / 127, step: 0, offset: m === 0 ? 0 : 127 * Math.sign(m) };
  const ratio = m / d;
  let best: Levels | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 1; step * greatest <= 255; step++) {
    const offset = Math.round(ratio * step);
    const [from, to] = [Math.min(offset, offset + greatest * step), Math.max(offset, offset + greatest * step)];
    if (from < -128 || to > 127) break;
    const error = Math.abs(ratio * step - offset) / step;
    if (error >= least) continue;
    least = error;
    best = { scale: d / step, step, offset };
  }
  return best;
}
