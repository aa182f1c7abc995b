import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockLayout } from './block-layout.js';
import { dequantize } from './dequantize.js';
import { naturalBlockSize, quantizeTensor } from './exact-blocks.js';
import { openGguf } from './gguf.js';
import type { QuantizedMatrix } from './quantize-blocks.js';
import { quantizeRows } from './quantize-blocks.js';
import { openSafetensorsFile } from './safetensors.js';
import type { DType, TensorSource } from './tensor-source.js';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const [ROWS, COLUMNS] = [3, 512];
const TYPES: DType[] = ['F32', 'F16', 'BF16', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K'];

let file: TensorSource;
let reference: TensorSource;
beforeAll(async () => { [file, reference] = [await openGguf(`${fixtures}block-types.gguf`), await openSafetensorsFile(fixtures, 'block-types.safetensors')]; });
afterAll(() => Promise.all([file.close(), reference.close()]));

const bytesOf = (source: TensorSource, name: string) => source.read(source.tensors.get(name)!);
const expectedOf = async (name: string): Promise<Float32Array> => dequantize('F32', await bytesOf(reference, name));

/** What MatMulNBits makes of the blocks: (q − zero) · scale. */
function valuesOf({ bits, blockSize, rows, columns, data, scales, zeroPoints }: QuantizedMatrix): Float32Array {
  const perRow = Math.ceil(columns / blockSize);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = Math.floor(column / blockSize);
    const at = (row * perRow + block) * blockSize + (column % blockSize);
    const nibble = (bytes: Uint8Array, index: number) => (bytes[index >> 1]! >> (index % 2 === 0 ? 0 : 4)) & 15;
    const level = bits === 8 ? data[at]! : nibble(data, at);
    const zero = bits === 8 ? 128 : zeroPoints ? nibble(zeroPoints.subarray(row * Math.ceil(perRow / 2)), block) : 8;
    return (level - zero) * scales[row * perRow + block]!;
  });
}

/** Root mean square of the difference over that of the values. */
function relativeError(values: Float32Array, expected: Float32Array): number {
  const sum = (of: (i: number) => number) => expected.reduce((total, _, i) => total + of(i) ** 2, 0);
  return Math.sqrt(sum((i) => values[i]! - expected[i]!) / sum((i) => expected[i]!));
}

const layout = (bits: 4 | 8, changes: Partial<BlockLayout> = {}): BlockLayout => ({ bits, blockSize: 32, zeroPoints: bits === 4, scaleSearch: true, ...changes });

describe('GGUF types against the gguf package', () => {
  it.each(TYPES)('%s', async (type) => {
    const [values, expected] = [dequantize(type, await bytesOf(file, type)), await expectedOf(type)];
    expect(file.tensors.get(type)).toMatchObject({ dtype: type, shape: [ROWS, COLUMNS] });
    const largest = Math.max(...expected.map(Math.abs));
    expect(Math.max(...expected.map((value, i) => Math.abs(value - values[i]!)))).toBeLessThanOrEqual(largest * 2 ** -23);
  });
});

/** Relative error of each type as int8 and int4 blocks, at most; 0 where the values are kept. docs/guides/quantization.md has the table. */
const LIMITS: Array<[DType, int8: number, int4: number]> = [
  ['F32', 0.0052, 0.074],
  ['F16', 0.0052, 0.074],
  ['BF16', 0.0052, 0.074],
  ['Q4_0', 0, 0],
  ['Q4_1', 0.0017, 0.043],
  ['Q5_0', 0, 0.061],
  ['Q5_1', 0.004, 0.053],
  ['Q8_0', 0, 0.058],
  ['Q2_K', 0.0007, 0.025],
  ['Q3_K', 0, 0],
  ['Q4_K', 0.0029, 0.032],
  ['Q5_K', 0.0036, 0.038],
  ['Q6_K', 0, 0.053],
];

describe('quantized matrices against their float32 values', () => {
  it.each(LIMITS)('%s', async (type, int8, int4) => {
    const [bytes, expected] = [await bytesOf(file, type), await expectedOf(type)];
    for (const [bits, limit] of [[8, int8], [4, int4]] as const) {
      const error = relativeError(valuesOf(quantizeTensor({ dtype: type, bytes, rows: ROWS, columns: COLUMNS }, layout(bits, { blockSize: naturalBlockSize(type) }))), expected);
      expect(error, `${bits} bits`).toBeLessThanOrEqual(limit === 0 ? 1e-7 : limit);
    }
  });

  it.each(TYPES.filter((type) => type !== 'Q4_0'))('%s at 4 bits: zero points and a search each lower the error, longer blocks raise it', async (type) => {
    const expected = await expectedOf(type);
    const error = (changes: Partial<BlockLayout>) => relativeError(valuesOf(quantizeRows(expected, ROWS, COLUMNS, layout(4, changes))), expected);
    expect(error({ zeroPoints: false })).toBeLessThan(error({ zeroPoints: false, scaleSearch: false }));
    expect(error({})).toBeLessThan(error({ scaleSearch: false }));
    expect(error({})).toBeLessThan(error({ zeroPoints: false }));
    const bySize = [16, 32, 64, 128].map((blockSize) => error({ blockSize }));
    expect(bySize).toEqual([...bySize].sort((a, b) => a - b));
  });

  it.each([4, 8] as const)('pads a last short block, at %s bits', (bits) => {
    const values = Float32Array.from({ length: 2 * 45 }, (_, i) => Math.sin(i));
    expect(relativeError(valuesOf(quantizeRows(values, 2, 45, layout(bits))), values)).toBeLessThan(bits === 8 ? 0.01 : 0.1);
  });
});
