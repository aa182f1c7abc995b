import type { BlockLayout } from './block-layout.js';
import { levelsOf4, ScaleSearch } from './search-scale.js';

/** A matrix as `MatMulNBits` wants it: `data` uint8 [rows, blocks, blockSize·bits/8], `scales` float32 [rows, blocks]; w = (q − zero) · scale. */
export interface QuantizedMatrix {
  bits: 4 | 8;
  blockSize: number;
  rows: number;
  columns: number;
  data: Uint8Array;
  scales: Float32Array;
  /** 4 bits only, two per byte: uint8 [rows, ⌈blocks/2⌉]; absent: 2^(bits−1) everywhere. */
  zeroPoints?: Uint8Array;
}

export const zeroPointBytes = (rows: number, columns: number, blockSize: number): number => rows * Math.ceil(Math.ceil(columns / blockSize) / 2);

/** Quantizes [rows, columns] in blocks along a row; a last short block is padded with zeros. */
export function quantizeRows(values: Float32Array, rows: number, columns: number, layout: BlockLayout): QuantizedMatrix {
  const { bits, blockSize } = layout;
  const blocks = Math.ceil(columns / blockSize);
  const data = new Uint8Array((rows * blocks * blockSize * bits) / 8);
  const scales = new Float32Array(rows * blocks);
  const base = { bits, blockSize, rows, columns, data, scales };
  if (bits === 8) {
    eachBlock({ rows, columns, blockSize }, (start, end, block) => { scales[block] = writeBlock8(values, start, end, data, block * blockSize); });
    return base;
  }
  const zeroPoints = layout.zeroPoints ? new Uint8Array(zeroPointBytes(rows, columns, blockSize)) : undefined;
  const zeroBytes = Math.ceil(blocks / 2);
  const search = new ScaleSearch(layout);
  eachBlock({ rows, columns, blockSize }, (start, end, block) => {
    const { scale, zero } = writeBlock4(values, start, end, { data, at: (block * blockSize) / 2, search, blockSize });
    scales[block] = scale;
    if (zeroPoints) zeroPoints[Math.floor(block / blocks) * zeroBytes + ((block % blocks) >> 1)]! |= zero << ((block % blocks) % 2 === 0 ? 0 : 4);
  });
  return zeroPoints ? { ...base, zeroPoints } : base;
}

function eachBlock(o: { rows: number; columns: number; blockSize: number }, visit: (start: number, end: number, block: number) => void): void {
  let block = 0;
  for (let row = 0; row < o.rows; row++) {
    const rowEnd = (row + 1) * o.columns;
    for (let start = row * o.columns; start < rowEnd; start += o.blockSize, block++) visit(start, Math.min(start + o.blockSize, rowEnd), block);
  }
}

function writeBlock8(values: Float32Array, start: number, end: number, out: Uint8Array, at: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) if (Math.abs(values[i]!) > largest) largest = Math.abs(values[i]!);
  const scale = largest / 127;
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = start; i < end; i++) out[at + i - start] = 128 + Math.round(values[i]! * inverse);
  return scale;
}

const levels = new Uint8Array(128);

/** Two neighbours per byte, the first in the low nibble. */
function writeBlock4(values: Float32Array, start: number, end: number, o: { data: Uint8Array; at: number; search: ScaleSearch; blockSize: number }): { scale: number; zero: number } {
  const best = o.search.search(values, start, end);
  levels.fill(best.zero);
  levelsOf4(values, start, end, best, levels);
  for (let i = 0; i < o.blockSize / 2; i++) o.data[o.at + i] = levels[2 * i]! | (levels[2 * i + 1]! << 4);
  return best;
}
