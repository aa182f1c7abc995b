import { halfToFloat } from './float16.js';
import { BLOCK, type BlockType, type DType } from './tensor-source.js';

/** Elements of a block type taken apart: value = code · scale + minimum, with one scale (and minimum) per group of neighbours. */
export interface BlockGroups {
  codes: Int8Array;
  scales: Float32Array;
  /** Absent where the type has none. */
  minima?: Float32Array;
}

/** Shape of a block type: elements per group, whether groups have a minimum, least and greatest code. */
export interface BlockFormat {
  group: 16 | 32;
  affine: boolean;
  codes: readonly [least: number, greatest: number];
}

type ReadBlock = (bytes: Uint8Array, at: number, out: Required<BlockGroups>, element: number, group: number) => void;

const half = (bytes: Uint8Array, at: number): number => halfToFloat(bytes[at]! | (bytes[at + 1]! << 8));

/** Elements 0–15 of a 32-block lie in the low nibbles, 16–31 in the high ones. */
function nibbles(bytes: Uint8Array, at: number, codes: Int8Array, element: number): void {
  for (let i = 0; i < 16; i++) {
    codes[element + i] = bytes[at + i]! & 15;
    codes[element + 16 + i] = bytes[at + i]! >> 4;
  }
}

/** Adds a fifth bit, kept apart in 32 bits, and `shift`. */
function fifthBits(bytes: Uint8Array, at: number, o: { codes: Int8Array; element: number; shift: number }): void {
  for (let i = 0; i < 32; i++) o.codes[o.element + i]! += (((bytes[at + (i >> 3)]! >> (i & 7)) & 1) << 4) + o.shift;
}

/** Six-bit scale and minimum of 32-group `g` of a Q4_K or Q5_K block (ggml's `get_scale_min_k4`). */
function scaleAndMinimum(bytes: Uint8Array, at: number, g: number): [scale: number, minimum: number] {
  if (g < 4) return [bytes[at + g]! & 63, bytes[at + g + 4]! & 63];
  const low = bytes[at + g + 4]!;
  return [(low & 15) | ((bytes[at + g - 4]! >> 6) << 4), (low >> 4) | ((bytes[at + g]! >> 6) << 4)];
}

/** Scales and nibbles that Q4_K and Q5_K have in common; `quants` is where the nibbles begin. */
function fourBitK(bytes: Uint8Array, at: number, quants: number, o: { out: Required<BlockGroups>; element: number; group: number }): void {
  const [d, dmin] = [half(bytes, at), half(bytes, at + 2)];
  for (let g = 0; g < 8; g++) {
    const [scale, minimum] = scaleAndMinimum(bytes, at + 4, g);
    o.out.scales[o.group + g] = d * scale;
    o.out.minima[o.group + g] = -dmin * minimum;
    const from = quants + (g >> 1) * 32;
    for (let i = 0; i < 32; i++) o.out.codes[o.element + g * 32 + i] = g & 1 ? bytes[from + i]! >> 4 : bytes[from + i]! & 15;
  }
}

/** Block layouts after ggml's `ggml-common.h` and the `dequantize_row_*` functions of `ggml-quants.c`. */
const FORMATS: Record<BlockType, BlockFormat & { read: ReadBlock }> = {
  Q4_0: {
    group: 32, affine: false, codes: [-8, 7],
    read: (bytes, at, out, element, group) => {
      out.scales[group] = half(bytes, at);
      nibbles(bytes, at + 2, out.codes, element);
      for (let i = 0; i < 32; i++) out.codes[element + i]! -= 8;
    },
  },
  Q4_1: {
    group: 32, affine: true, codes: [0, 15],
    read: (bytes, at, out, element, group) => {
      out.scales[group] = half(bytes, at);
      out.minima[group] = half(bytes, at + 2);
      nibbles(bytes, at + 4, out.codes, element);
    },
  },
  Q5_0: {
    group: 32, affine: false, codes: [-16, 15],
    read: (bytes, at, out, element, group) => {
      out.scales[group] = half(bytes, at);
      nibbles(bytes, at + 6, out.codes, element);
      fifthBits(bytes, at + 2, { codes: out.codes, element, shift: -16 });
    },
  },
  Q5_1: {
    group: 32, affine: true, codes: [0, 31],
    read: (bytes, at, out, element, group) => {
      out.scales[group] = half(bytes, at);
      out.minima[group] = half(bytes, at + 2);
      nibbles(bytes, at + 8, out.codes, element);
      fifthBits(bytes, at + 4, { codes: out.codes, element, shift: 0 });
    },
  },
  Q8_0: {
    group: 32, affine: false, codes: [-128, 127],
    read: (bytes, at, out, element, group) => {
      out.scales[group] = half(bytes, at);
      for (let i = 0; i < 32; i++) out.codes[element + i] = bytes[at + 2 + i]!;
    },
  },
  Q2_K: {
    group: 16, affine: true, codes: [0, 3],
    read: (bytes, at, out, element, group) => {
      const [d, dmin] = [half(bytes, at + 80), half(bytes, at + 82)];
      for (let g = 0; g < 16; g++) {
        out.scales[group + g] = d * (bytes[at + g]! & 15);
        out.minima[group + g] = -dmin * (bytes[at + g]! >> 4);
      }
      for (let i = 0; i < 256; i++) out.codes[element + i] = (bytes[at + 16 + (i >> 7) * 32 + (i & 31)]! >> (((i >> 5) & 3) * 2)) & 3;
    },
  },
  Q3_K: {
    group: 16, affine: false, codes: [-4, 3],
    read: (bytes, at, out, element, group) => {
      const d = half(bytes, at + 108);
      for (let g = 0; g < 16; g++) {
        const low = g < 8 ? bytes[at + 96 + g]! & 15 : bytes[at + 88 + g]! >> 4;
        const high = (bytes[at + 104 + (g & 3)]! >> ((g >> 2) * 2)) & 3;
        out.scales[group + g] = d * ((low | (high << 4)) - 32);
      }
      for (let i = 0; i < 256; i++) {
        const low = (bytes[at + 32 + (i >> 7) * 32 + (i & 31)]! >> (((i >> 5) & 3) * 2)) & 3;
        out.codes[element + i] = low - ((bytes[at + (i & 31)]! >> (i >> 5)) & 1 ? 0 : 4);
      }
    },
  },
  Q4_K: { group: 32, affine: true, codes: [0, 15], read: (bytes, at, out, element, group) => fourBitK(bytes, at, at + 16, { out, element, group }) },
  Q5_K: {
    group: 32, affine: true, codes: [0, 31],
    read: (bytes, at, out, element, group) => {
      fourBitK(bytes, at, at + 48, { out, element, group });
      for (let i = 0; i < 256; i++) out.codes[element + i]! += ((bytes[at + 16 + (i & 31)]! >> (i >> 5)) & 1) << 4;
    },
  },
  Q6_K: {
    group: 16, affine: false, codes: [-32, 31],
    read: (bytes, at, out, element, group) => {
      const d = half(bytes, at + 208);
      for (let g = 0; g < 16; g++) out.scales[group + g] = d * ((bytes[at + 192 + g]! << 24) >> 24);
      for (let i = 0; i < 256; i++) {
        const [side, quarter, l] = [i >> 7, (i >> 5) & 3, i & 31];
        const low = bytes[at + side * 64 + (quarter & 1) * 32 + l]!;
        const high = (bytes[at + 128 + side * 32 + l]! >> (quarter * 2)) & 3;
        out.codes[element + i] = ((quarter & 2 ? low >> 4 : low & 15) | (high << 4)) - 32;
      }
    },
  },
};

/** Format of a type, or undefined for one without blocks. */
export const blockFormatOf = (dtype: DType): BlockFormat | undefined => (dtype in FORMATS ? FORMATS[dtype as BlockType] : undefined);

/** Takes whole blocks of a block type apart. */
export function readGroups(dtype: BlockType, bytes: Uint8Array): BlockGroups {
  const { group, affine, read } = FORMATS[dtype];
  const [elements, blockBytes] = BLOCK[dtype];
  const blocks = bytes.byteLength / blockBytes;
  const groups = (blocks * elements) / group;
  const out = { codes: new Int8Array(blocks * elements), scales: new Float32Array(groups), minima: new Float32Array(affine ? groups : 0) };
  for (let block = 0; block < blocks; block++) read(bytes, block * blockBytes, out, block * elements, (block * elements) / group);
  return affine ? out : { codes: out.codes, scales: out.scales };
}
