import type { EncoderConfig } from '../../model/encoder-config.js';
import type { Checkpoint } from '../../weights/checkpoint.js';
import { float, type GraphBuilder, type Value } from '../graph-builder.js';
import { type LinearOptions, LinearWriter } from '../linear.js';
import { RowProducts } from './row-products.js';

/** GELU's minimum is −0.16997. */
const LEAST_GELU = -0.17;

/** Input and output of a linear layer. */
type Size = readonly [number, number];

/** A linear layer: its name in the graph and in the checkpoint. */
interface Layer {
  name: string;
  from: string;
}

/** What the encoder families build from: projections with bias, layer norms, the feed-forward half of a layer. */
export class EncoderParts {
  private readonly matrices: LinearWriter;
  private readonly rows: RowProducts;

  constructor(
    readonly builder: GraphBuilder,
    private readonly checkpoint: Checkpoint,
    private readonly config: EncoderConfig,
    private readonly options: LinearOptions,
  ) {
    this.matrices = new LinearWriter(builder, checkpoint, options);
    this.rows = new RowProducts(builder, checkpoint);
  }

  async tensor(name: string, from: string, dims: number[]): Promise<Value> {
    return this.builder.weight(name, 'float32', dims, [await this.checkpoint.float32(from, dims)]);
  }

  /** x [..., input] → [..., output], float32 whatever the quantization. */
  async exactLinear(name: string, from: string, x: Value, size: Size): Promise<Value> {
    return this.builder.node('Add', name, [await this.exactProduct(name, from, x, size), await this.tensor(`${name}.bias`, `${from}.bias`, [size[1]])]);
  }

  /** As {@link exactLinear}, without the bias. */
  async exactProduct(name: string, from: string, x: Value, [input, output]: Size): Promise<Value> {
    const rows = await this.checkpoint.float32(`${from}.weight`, [output, input]);
    const columns = Float32Array.from(rows, (_, at) => rows[(at % output) * input + Math.floor(at / output)]!);
    return this.builder.node('MatMul', `${name}.product`, [x, await this.builder.weight(`${name}.weight`, 'float32', [input, output], [columns])]);
  }

  /** x [..., input] → [..., output] for each of several layers, without their biases: by rows in 8 bits where that is chosen, else float32. `outlying`: channels of x that are far larger than the rest in some rows. */
  async products(x: Value, layers: readonly Layer[], [input, output]: Size, outlying: readonly number[] = []): Promise<Value[]> {
    const levels = this.options.rowProducts ? await this.rows.spreadLevelsOf(x, input, outlying) : undefined;
    const values: Value[] = [];
    for (const { name, from } of layers) values.push(await (levels ? this.rows.product(name, levels, { weight: `${from}.weight`, input, output, outlying }) : this.exactProduct(name, from, x, [input, output])));
    return values;
  }

  /** Biases of layers one after another. */
  async biases(name: string, layers: readonly Layer[], size: number): Promise<Value> {
    const values: Float32Array[] = [];
    for (const { from } of layers) values.push(await this.checkpoint.float32(`${from}.bias`, [size]));
    return this.builder.weight(name, 'float32', [layers.length * size], values);
  }

  async norm(name: string, from: string, x: Value): Promise<Value> {
    const size = [this.config.hiddenSize];
    const [gamma, beta] = [await this.tensor(`${name}.gamma`, `${from}.weight`, size), await this.tensor(`${name}.beta`, `${from}.bias`, size)];
    return this.builder.node('LayerNormalization', `${name}.normed`, [x, gamma, beta], { attributes: { axis: -1, epsilon: float(this.config.normEpsilon) } });
  }

  /** The part of a layer after attention, which every family shares: attention output projection, feed-forward block, each added and normalised. x and attended [..., hidden]. */
  async finishLayer(name: string, from: string, x: Value, attended: Value): Promise<Value> {
    const { builder: b, config: c } = this;
    const out = await this.terms(`${name}.attention_out`, `${from}.attention.output.dense`, attended, [c.hiddenSize, c.hiddenSize], { exact: true });
    const middle = await this.sumNorm(`${name}.attention_norm`, `${from}.attention.output.LayerNorm`, [x, ...out]);
    const wide = await this.terms(`${name}.wide`, `${from}.intermediate.dense`, middle, [c.hiddenSize, c.intermediateSize]);
    const active = b.node('Gelu', `${name}.gelu`, [b.node('Add', `${name}.wide`, wide)]);
    const narrow = await this.terms(`${name}.narrow`, `${from}.output.dense`, active, [c.intermediateSize, c.hiddenSize], { least: LEAST_GELU });
    return this.sumNorm(`${name}.norm`, `${from}.output.LayerNorm`, [middle, ...narrow]);
  }

  /** Product and bias, whose sum is the layer: x [..., input] → [..., output]. `least`: a bound that no value of x is below; `exact`: float32 where it is not by rows. */
  private async terms(name: string, from: string, x: Value, size: Size, { least, exact = false }: { least?: number; exact?: boolean } = {}): Promise<Value[]> {
    const { quantization, rowProducts } = this.options;
    if (rowProducts) return this.rows.terms(name, x, { weight: `${from}.weight`, bias: `${from}.bias`, input: size[0], output: size[1], least });
    const blocks = { name: `${name}.product`, columns: size[0], parts: [{ tensor: `${from}.weight`, rows: size[1] }] };
    const product = await (exact || quantization === 'none' ? this.exactProduct(name, from, x, size) : this.matrices.apply(x, blocks));
    return [product, await this.tensor(`${name}.bias`, `${from}.bias`, [size[1]])];
  }

  /** Norm of a sum. A `Sum`, because ONNX Runtime makes of an `Add` before a norm its `SkipLayerNormalization`, which takes twice the time of both. */
  sumNorm(name: string, from: string, terms: Value[]): Promise<Value> {
    return this.norm(name, from, this.builder.node('Sum', `${name}.sum`, terms));
  }
}
