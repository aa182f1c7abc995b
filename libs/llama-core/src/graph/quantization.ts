import { naturalBlockSize } from '../weights/exact-blocks.js';
import type { BlockLayout } from '../weights/block-layout.js';
import type { DType } from '../weights/tensor-source.js';

/** How matrices are kept: as float32, or in blocks with 8 or 4 bits. */
export type Quantization = 'none' | 'int8' | 'int4';

/** Kinds of matrices, by the last part of their names in the graph. */
export type MatrixKind = 'qkv' | 'out' | 'gate_up' | 'down' | 'head' | 'embedding';

/** The trade between error, memory and speed; every field has a default. See docs/guides/quantization.md. */
export interface QuantizationTuning {
  /** Elements that share one scale. Default: 32, and 16 for K-quants with groups of 16. Longer blocks are smaller and faster, and err more. */
  blockSize?: 16 | 32 | 64 | 128;
  /** int4: a zero point per block where that lowers the error; default true. */
  zeroPoints?: boolean;
  /** int4: search for the scale with the least squared error in each block; default true. Costs time when a graph is built, never afterwards. */
  scaleSearch?: boolean;
  /** Matrices that stay float32. */
  exact?: readonly MatrixKind[];
}

const BITS = { int8: 8, int4: 4 } as const;

/** Layout of a matrix whose parts have the given types in the file. */
export function layoutOf(quantization: 'int8' | 'int4', tuning: QuantizationTuning, types: ReadonlyArray<DType | undefined>): BlockLayout {
  const bits = BITS[quantization];
  const natural = Math.min(...types.map(naturalBlockSize));
  return { bits, blockSize: tuning.blockSize ?? natural, zeroPoints: bits === 4 && (tuning.zeroPoints ?? true), scaleSearch: tuning.scaleSearch ?? true };
}
