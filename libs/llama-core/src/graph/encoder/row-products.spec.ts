import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../runtime/model-source.js';
import { float32Tensor, floatsOf, OrtSession } from '../../runtime/ort-session.js';
import { hasDotProducts } from '../../runtime/processor.js';
import { GraphBuilder } from '../graph-builder.js';
import { WeightFile } from '../weight-file.js';
import { RowProducts } from './row-products.js';

const model = fileURLToPath(new URL('../../../fixtures/models/bert-minilm', import.meta.url));
const LAYER = { weight: 'bert.encoder.layer.0.intermediate.dense.weight', bias: 'bert.encoder.layer.0.intermediate.dense.bias', input: 48, output: 96 };
const wave = (row: number, column: number) => Math.sin(7 * row + 1.3 * column) + 0.4 * Math.cos(3 * column);

describe.runIf(await hasDotProducts())('RowProducts', () => {
  let folder: string;
  let weight: Float32Array;
  let bias: Float32Array;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'row-products-'));
    const { checkpoint } = await openModel(model, folder);
    [weight, bias] = [await checkpoint.float32(LAYER.weight, [LAYER.output, LAYER.input]), await checkpoint.float32(LAYER.bias, [LAYER.output])];
    await checkpoint.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  type Linear = (products: RowProducts, builder: GraphBuilder, x: string) => Promise<string>;
  const withLeast = (least?: number): Linear => async (products, builder, x) => builder.node('Add', 'y', await products.terms('y', x, { ...LAYER, least }));
  const withOutlying = (outlying: number[]): Linear => async (products, _, x) => products.product('y', await products.spreadLevelsOf(x, LAYER.input, outlying), { ...LAYER, outlying });

  /** [rows, 96], by a graph of this one layer. */
  async function linear(rows: number[][], layer: Linear = withLeast()): Promise<number[][]> {
    const { checkpoint } = await openModel(model, folder);
    const file = await open(join(folder, 'weights.bin'), 'w');
    const weights = new WeightFile(file, 'weights.bin');
    const builder = new GraphBuilder(weights);
    const x = builder.input('x', 'float32', ['rows', LAYER.input]);
    const y = await layer(new RowProducts(builder, checkpoint), builder, x);
    builder.output(y, 'float32', ['rows', LAYER.output]);
    await writeFile(join(folder, 'model.onnx'), builder.encode());
    await weights.finish();
    await Promise.all([file.close(), checkpoint.close()]);
    const session = await OrtSession.open(join(folder, 'model.onnx'), { threads: 1, spinning: false });
    const outputs = await session.run({ x: float32Tensor(Float32Array.from(rows.flat()), [rows.length, LAYER.input]) }, [y]);
    const values = Array.from(floatsOf(outputs[y]));
    await session.close();
    return rows.map((_, row) => values.slice(row * LAYER.output, (row + 1) * LAYER.output));
  }

  const exact = (row: number[]) => Array.from(bias, (start, out) => row.reduce((sum, value, column) => sum + value * weight[out * LAYER.input + column]!, start));
  /** Root mean square of the difference, as a share of that of the exact values without the bias. */
  function error(got: number[], row: number[]): number {
    const wanted = exact(row);
    const squares = (values: number[]) => values.reduce((sum, value) => sum + value * value, 0);
    return Math.sqrt(squares(got.map((value, i) => value - wanted[i]!)) / squares(wanted.map((value, i) => value - bias[i]!)));
  }
  const rowOf = (row: number, factor = 1) => Array.from({ length: LAYER.input }, (_, column) => factor * wave(row, column));

  it('is within 2 % of float32, for small rows beside great ones', async () => {
    const rows = [rowOf(0), rowOf(1, 1_000), rowOf(2, 0.001)];
    const got = await linear(rows);
    for (const [at, row] of rows.entries()) expect(error(got[at]!, row)).toBeLessThan(0.02);
  });

  it('gives a row the same to the last bit, whatever stands beside it', async () => {
    const [alone] = await linear([rowOf(0)]);
    expect((await linear([rowOf(3, 50), rowOf(0), rowOf(4)]))[1]).toEqual(alone);
  });

  it.each([0, 1e-45, 1e-38])('gives the bias for a row of %s', async (value) => {
    for (const row of (await linear([new Array<number>(LAYER.input).fill(value), rowOf(0), new Array<number>(LAYER.input).fill(-value)])).filter((_, at) => at !== 1)) expect(row).toEqual(Array.from(bias));
  });

  it('gives the bias for a row of what no value is below', async () => {
    const [row] = await linear([new Array<number>(LAYER.input).fill(-0.17)], withLeast(-0.17));
    expect(error(row!, new Array<number>(LAYER.input).fill(-0.17))).toBeLessThan(0.02);
  });

  it('errs less where it knows what no value is below', async () => {
    const rows = [0, 1, 2, 3].map((row) => rowOf(row).map((value) => Math.max(value, -0.17)));
    const [plain, bounded] = [await linear(rows), await linear(rows, withLeast(-0.17))];
    const mean = (got: number[][]) => rows.reduce((sum, row, at) => sum + error(got[at]!, row), 0) / rows.length;
    expect(mean(bounded)).toBeLessThan(0.75 * mean(plain));
  });

  it('loses the other channels of a row behind an outlying one, unless it is told of that', async () => {
    const alone = Array.from({ length: LAYER.input }, (_, column) => (column === 5 ? 40 : 0));
    const others = rowOf(0).map((value, column) => (column === 5 ? 0 : value));
    const errors = async (channels: number[]) => {
      const [both, one, plain] = await linear([others.map((value, column) => value + alone[column]!), alone, rowOf(1)], withOutlying(channels));
      return { beside: error(both!.map((value, out) => value - one![out]! + bias[out]!), others), without: error(plain!.map((value, out) => value + bias[out]!), rowOf(1)) };
    };
    const [untold, told] = [await errors([]), await errors([5])];
    expect(untold.beside).toBeGreaterThan(0.1);
    expect(told.beside).toBeLessThan(untold.beside / 3);
    expect(told.without).toBeLessThan(0.02);
  });
});
