import type { Checkpoint } from '../../weights/checkpoint.js';
import type { GraphBuilder, Value } from '../graph-builder.js';

/** A value in 8 bits: levels uint8 [..., columns] of rows divided by their largest size float32 [..., 1], and the level of nought. */
export interface RowLevels {
  levels: Value;
  largest: Value;
  zero: number;
}

/** Weights in 8 bits: int8 [input, output], one scale for each output float32 [output], and the sum of each output's weights. */
interface WeightLevels {
  levels: Value;
  scales: Value;
  sums: Float32Array;
}

/** A matrix of a checkpoint. */
export interface RowMatrix {
  weight: string;
  input: number;
  output: number;
  /** Input channels that are far larger than the rest in some rows. */
  outlying?: readonly number[] | undefined;
}

/** A linear layer of a checkpoint. */
export interface RowLayer extends RowMatrix {
  bias: string;
  /** What no value of the input is below, where that is known: rows are then counted from there, in steps half as large. */
  least?: number | undefined;
}

const GREATEST = 255;
const MIDDLE = 128;
/** Equal shares that a value of an outlying channel is read as, each with the channel's weights: whole it would coarsen the levels of all others of its row. With four of 384 channels the products grow by 4 %. */
const SHARES = 5;

/**
 * Linear layers in 8 bits with one scale per row of the input and one per row of the weights. `MatMulIntegerToFloat` takes one scale for all rows, and an answer may not depend on what else is in the batch: so rows are divided by their
 * largest value, and multiplied by it afterwards. Two to three times as fast as `MatMulNBits` on a processor with dot products of 8 bits (docs/adr/0013); on others sums of two products can overflow in ONNX Runtime's kernels.
 */
export class RowProducts {
  constructor(
    private readonly builder: GraphBuilder,
    private readonly checkpoint: Checkpoint,
  ) {}

  /** Product and bias, whose sum is the layer: x [..., input] → [..., output]. */
  async terms(name: string, x: Value, layer: RowLayer): Promise<[Value, Value]> {
    const { least = 0, output } = layer;
    const weights = await this.weights(name, layer);
    const bias = await this.checkpoint.float32(layer.bias, [output]);
    const shifted = bias.map((value, row) => value + least * weights.sums[row]!);
    return [this.multiplied(name, this.levelsOf(x, layer.least), weights), await this.builder.weight(`${name}.bias`, 'float32', [output], [shifted])];
  }

  /** Levels [..., input] → [..., output], without a bias. */
  async product(name: string, x: RowLevels, matrix: RowMatrix): Promise<Value> {
    return this.multiplied(name, x, await this.weights(name, matrix));
  }

  /** As {@link levelsOf}, for matrices that name the same outlying channels: [..., input] → levels [..., input + further shares]. */
  async spreadLevelsOf(x: Value, input: number, outlying: readonly number[]): Promise<RowLevels> {
    const { builder: b } = this;
    if (outlying.length === 0) return this.levelsOf(x);
    const shares = Float32Array.from({ length: input }, (_, channel) => (outlying.includes(channel) ? 1 / SHARES : 1));
    const spread = this.levelsOf(b.node('Mul', `${x}.spread`, [x, await b.weight(`${x}.channel_shares`, 'float32', [input], [shares])]));
    const further = b.node('Gather', `${x}.further`, [spread.levels, b.int64(furtherOf(outlying))], { attributes: { axis: -1 } });
    return { ...spread, levels: b.node('Concat', `${x}.spread_levels`, [spread.levels, further], { attributes: { axis: -1 } }) };
  }

  /** `least`: what no value is below. Its level is 0; without it that of nought is in the middle. A row of zeros has any levels: they are multiplied by its largest value, which is 0. */
  levelsOf(x: Value, least?: number): RowLevels {
    const { builder: b } = this;
    const zero = least === undefined ? MIDDLE : 0;
    const above = least === undefined ? x : b.node('Sub', `${x}.above`, [x, b.scalar('float32', least)]);
    const largest = b.node('ReduceMax', `${x}.largest`, [least === undefined ? b.node('Abs', `${x}.sizes`, [x]) : above, b.int64([-1])]);
    const levels = b.node('QuantizeLinear', `${x}.levels`, [b.node('Div', `${x}.shares`, [above, largest]), b.scalar('float32', 1 / (GREATEST - zero)), b.scalar('uint8', zero)]);
    return { levels, largest, zero };
  }

  private multiplied(name: string, { levels, largest, zero }: RowLevels, weights: WeightLevels): Value {
    const { builder: b } = this;
    const product = b.node('MatMulIntegerToFloat', `${name}.product`, [levels, weights.levels, b.scalar('float32', 1 / (GREATEST - zero)), weights.scales, b.scalar('uint8', zero)]);
    return b.node('Mul', `${name}.scaled`, [product, largest]);
  }

  private async weights(name: string, { weight, input, output, outlying = [] }: RowMatrix): Promise<WeightLevels> {
    const further = furtherOf(outlying);
    const levels = new Int8Array((input + further.length) * output);
    const [scales, sums] = [new Float32Array(output), new Float32Array(output)];
    let row = 0;
    for await (const run of this.checkpoint.quantizedRows(weight, [output, input], { bits: 8, blockSize: input, zeroPoints: false, scaleSearch: false }))
      for (let i = 0; i < run.rows; i++, row++) {
        let sum = 0;
        for (let column = 0; column < input; column++) sum += levels[column * output + row] = run.data[i * input + column]! - MIDDLE;
        for (const [at, column] of further.entries()) levels[(input + at) * output + row] = levels[column * output + row]!;
        scales[row] = run.scales[i]!;
        sums[row] = sum * run.scales[i]!;
      }
    return { levels: await this.builder.weight(`${name}.q`, 'int8', [input + further.length, output], [levels]), scales: await this.builder.weight(`${name}.scales`, 'float32', [output], [scales]), sums };
  }
}

/** Channel of each further share. */
const furtherOf = (outlying: readonly number[]): number[] => outlying.flatMap((channel) => new Array<number>(SHARES - 1).fill(channel));
