import type { BlockLayout } from '../weights/block-layout.js';
import type { Checkpoint } from '../weights/checkpoint.js';
import { exactBitsOf } from '../weights/exact-blocks.js';
import { zeroPointBytes } from '../weights/quantize-blocks.js';
import type { AdapterBranches } from './adapter-branches.js';
import type { GraphBuilder, Value } from './graph-builder.js';
import { layoutOf, type MatrixKind, type Quantization, type QuantizationTuning } from './quantization.js';
import { type StackedMatrix, totalRows } from './stacked-matrix.js';
import type { WeightSlot } from './weight-file.js';

export type { Quantization } from './quantization.js';

/** int8 multiplication with activations rounded to 8 bits: fast; measured no worse than llama.cpp (bench/). */
const ACCURACY_LEVEL = 4;

export interface LinearOptions {
  quantization: Quantization;
  tuning?: QuantizationTuning | undefined;
  /** A classifier's matrices in 8 bits row by row, whatever the quantization; for processors with dot products of 8 bits (docs/adr/0013). */
  rowProducts?: boolean;
  /** Switchable adapters, which add to what the matrices give. */
  adapters?: AdapterBranches | undefined;
}

/** Weights of a matrix in blocks, as they lie in the file. */
export interface BlockWeights {
  layout: BlockLayout;
  rows: number;
  columns: number;
  data: WeightSlot;
  scales: WeightSlot;
  zeroPoints?: WeightSlot;
}

/** Writes matrices and multiplies by them, in the precision that was chosen. */
export class LinearWriter {
  readonly quantization: Quantization;
  private readonly tuning: QuantizationTuning;

  constructor(
    private readonly builder: GraphBuilder,
    private readonly checkpoint: Checkpoint,
    private readonly options: LinearOptions,
  ) {
    this.quantization = options.quantization;
    this.tuning = options.tuning ?? {};
  }

  /** x [n, columns] · Wᵀ → [n, rows]. */
  async apply(x: Value, matrix: StackedMatrix): Promise<Value> {
    const { adapters } = this.options;
    if (!adapters?.covers(matrix)) return this.base(x, matrix, matrix.name);
    return adapters.add(x, await this.base(x, matrix, `${matrix.name}.base`), matrix);
  }

  /** True for the kinds that stay float32 by choice. */
  isExact(kind: string): boolean {
    return this.quantization === 'none' || (this.tuning.exact?.includes(kind as MatrixKind) ?? false);
  }

  private async base(x: Value, matrix: StackedMatrix, output: Value): Promise<Value> {
    const kind = matrix.name.slice(matrix.name.lastIndexOf('.') + 1);
    if (this.quantization === 'none' || matrix.exact || this.isExact(kind)) return this.gemm(x, matrix, output);
    const layout = layoutOf(this.quantization, this.tuning, matrix.parts.map(({ tensor }) => this.checkpoint.typeOf(tensor)));
    return this.multiply(x, await this.blocks(matrix, layout), { name: matrix.name, output });
  }

  private async gemm(x: Value, matrix: StackedMatrix, output: Value): Promise<Value> {
    const slot = this.builder.slot(`${matrix.name}.weight`, 'float32', [totalRows(matrix), matrix.columns]);
    for (const { tensor, rows } of matrix.parts) for await (const run of this.checkpoint.float32Rows(tensor, [rows, matrix.columns])) await slot.write(run);
    return this.builder.node('Gemm', matrix.name, [x, `${matrix.name}.weight`], { attributes: { transB: 1 }, outputs: [output] });
  }

  /** Writes a matrix in blocks, run by run. */
  async blocks(matrix: StackedMatrix, layout: BlockLayout): Promise<BlockWeights> {
    const { name, columns } = matrix;
    const rows = totalRows(matrix);
    const perRow = Math.ceil(columns / layout.blockSize);
    const data = this.builder.slot(`${name}.q`, 'uint8', [rows, perRow, (layout.blockSize * layout.bits) / 8]);
    const scales = this.builder.slot(`${name}.scales`, 'float32', [rows, perRow]);
    const zeroPoints = this.needsZeroPoints(matrix, layout) ? this.builder.slot(`${name}.zeros`, 'uint8', [rows, Math.ceil(perRow / 2)]) : undefined;
    for (const part of matrix.parts)
      for await (const run of this.checkpoint.quantizedRows(part.tensor, [part.rows, columns], layout)) {
        await data.write(run.data);
        await scales.write(run.scales);
        await zeroPoints?.write(run.zeroPoints ?? new Uint8Array(zeroPointBytes(run.rows, columns, layout.blockSize)).fill(0x88));
      }
    return { layout, rows, columns, data, scales, ...(zeroPoints ? { zeroPoints } : {}) };
  }

  /** x [n, columns] · Wᵀ for weights that {@link blocks} wrote under `name`. */
  multiply(x: Value, { layout, rows, columns, zeroPoints }: BlockWeights, { name, output }: { name: string; output: Value }): Value {
    const inputs = [x, `${name}.q`, `${name}.scales`, ...(zeroPoints ? [`${name}.zeros`] : [])];
    return this.builder.node('MatMulNBits', name, inputs, { attributes: { K: columns, N: rows, bits: layout.bits, block_size: layout.blockSize, accuracy_level: ACCURACY_LEVEL }, outputs: [output] });
  }

  /** Matrices that keep their exact values have zero point 8 throughout. */
  private needsZeroPoints({ parts }: StackedMatrix, layout: BlockLayout): boolean {
    return layout.zeroPoints && parts.some(({ tensor }) => exactBitsOf(this.checkpoint.typeOf(tensor) ?? 'F32') !== 4);
  }
}
