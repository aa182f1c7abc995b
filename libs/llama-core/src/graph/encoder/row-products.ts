import type { Checkpoint } from '../../weights/checkpoint.js';
import type { GraphBuilder, Value } from '../graph-builder.js';

/** Rows of a value in 8 bits: levels uint8 [n, columns], one scale per row float32 [n, 1]. */
interface RowLevels {
  levels: Value;
  scales: Value;
}

/** Weights in 8 bits: int8 [columns, rows], float32 [rows], and the sum of each row's weights. */
interface WeightLevels extends RowLevels {
  sums: Float32Array;
}

/** A linear layer of a checkpoint. */
export interface RowLayer {
  weight: string;
  bias: string;
  input: number;
  output: number;
  /** What no value of the input is below, where that is known: rows are then counted from there, in steps half as large. */
  least?: number | undefined;
}

const GREATEST = 255;
const MIDDLE = 128;
/** A row of equal values has no scale of its own. */
const SMALLEST_SCALE = 1e-30;

/**
 * Linear layers in 8 bits with one scale per row of the input and one per row of the weights. `MatMulIntegerToFloat` takes one scale for all rows, and an answer may not depend on what else is in the batch: so that scale is 1, and the rows'
 * own are multiplied in afterwards. Two to three times as fast as `MatMulNBits` on a processor with dot products of 8 bits (docs/adr/0013); on others sums of two products can overflow in ONNX Runtime's kernels.
 */
export class RowProducts {
  constructor(
    private readonly builder: GraphBuilder,
    private readonly checkpoint: Checkpoint,
  ) {}

  /** x [n, input] → [n, output]. */
  async linear(name: string, x: Value, layer: RowLayer): Promise<Value> {
    const { builder: b } = this;
    const { least, output } = layer;
    const zero = least === undefined ? MIDDLE : 0;
    const { levels, scales } = this.levelsOf(x, least ?? 0, zero);
    const weights = await this.weights(name, layer);
    const product = b.node('MatMulIntegerToFloat', `${name}.product`, [levels, weights.levels, b.scalar('float32', 1), weights.scales, b.scalar('uint8', zero)]);
    const bias = await this.checkpoint.float32(layer.bias, [output]);
    const shifted = bias.map((value, row) => value + (least ?? 0) * weights.sums[row]!);
    return b.node('Add', name, [b.node('Mul', `${name}.scaled`, [product, scales]), await b.weight(`${name}.bias`, 'float32', [output], [shifted])]);
  }

  /** `zero`: the level of `least`; levels below it are for smaller values. */
  private levelsOf(x: Value, least: number, zero: number): RowLevels {
    const { builder: b } = this;
    const above = least === 0 ? x : b.node('Sub', `${x}.above`, [x, b.scalar('float32', least)]);
    const sizes = zero === 0 ? above : b.node('Abs', `${x}.sizes`, [above]);
    const largest = b.node('ReduceMax', `${x}.largest`, [sizes, b.int64([1])]);
    const scales = b.node('Max', `${x}.scales`, [b.node('Mul', `${x}.steps`, [largest, b.scalar('float32', 1 / (GREATEST - zero))]), b.scalar('float32', SMALLEST_SCALE)]);
    const levels = b.node('QuantizeLinear', `${x}.levels`, [b.node('Div', `${x}.in_steps`, [above, scales]), b.scalar('float32', 1), b.scalar('uint8', zero)]);
    return { levels, scales };
  }

  private async weights(name: string, { weight, input, output }: RowLayer): Promise<WeightLevels> {
    const levels = new Int8Array(input * output);
    const [scales, sums] = [new Float32Array(output), new Float32Array(output)];
    let row = 0;
    for await (const run of this.checkpoint.quantizedRows(weight, [output, input], { bits: 8, blockSize: input, zeroPoints: false, scaleSearch: false }))
      for (let i = 0; i < run.rows; i++, row++) {
        let sum = 0;
        for (let column = 0; column < input; column++) sum += levels[column * output + row] = run.data[i * input + column]! - MIDDLE;
        scales[row] = run.scales[i]!;
        sums[row] = sum * run.scales[i]!;
      }
    return { levels: await this.builder.weight(`${name}.q`, 'int8', [input, output], [levels]), scales: await this.builder.weight(`${name}.scales`, 'float32', [output], [scales]), sums };
  }
}
