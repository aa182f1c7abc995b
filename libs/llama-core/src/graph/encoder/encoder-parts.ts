import type { EncoderConfig } from '../../model/encoder-config.js';
import type { Checkpoint } from '../../weights/checkpoint.js';
import { float, type GraphBuilder, type Value } from '../graph-builder.js';
import { type LinearOptions, LinearWriter } from '../linear.js';
import { RowProducts } from './row-products.js';

/** GELU's minimum is −0.16997. */
const LEAST_GELU = -0.17;

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

  /** x [n, input] → [n, output], float32 whatever the quantization. */
  async exactLinear(name: string, from: string, x: Value, [input, output]: [number, number]): Promise<Value> {
    const weight = await this.tensor(`${name}.weight`, `${from}.weight`, [output, input]);
    const bias = await this.tensor(`${name}.bias`, `${from}.bias`, [output]);
    return this.builder.node('Gemm', name, [x, weight, bias], { attributes: { transB: 1 } });
  }

  /** x [n, input] → [n, output]. `least`: a bound that no value of x is below. */
  async linear(name: string, from: string, x: Value, [input, output]: [number, number], least?: number): Promise<Value> {
    if (this.options.quantization === 'none') return this.exactLinear(name, from, x, [input, output]);
    if (this.options.rowProducts) return this.rows.linear(name, x, { weight: `${from}.weight`, bias: `${from}.bias`, input, output, least });
    const product = await this.matrices.apply(x, { name, columns: input, parts: [{ tensor: `${from}.weight`, rows: output }] });
    return this.builder.node('Add', `${name}.biased`, [product, await this.tensor(`${name}.bias`, `${from}.bias`, [output])]);
  }

  async norm(name: string, from: string, x: Value): Promise<Value> {
    const [gamma, beta] = await this.normWeights(name, from);
    return this.builder.node('LayerNormalization', `${name}.normed`, [x, gamma, beta], { attributes: { axis: -1, epsilon: float(this.config.normEpsilon) } });
  }

  /** Norm of x + y. */
  async addNorm(name: string, from: string, x: Value, y: Value): Promise<Value> {
    const [gamma, beta] = await this.normWeights(name, from);
    return this.builder.node('SkipLayerNormalization', `${name}.out`, [x, y, gamma, beta], { attributes: { epsilon: float(this.config.normEpsilon) } });
  }

  /** The part of a layer after attention, which every family shares: attention output projection, feed-forward block, each added and normalised. x and attended [n, hidden]. */
  async finishLayer(name: string, from: string, x: Value, attended: Value): Promise<Value> {
    const { builder: b, config: c } = this;
    const out = await this.exactLinear(`${name}.attention_out`, `${from}.attention.output.dense`, attended, [c.hiddenSize, c.hiddenSize]);
    const middle = await this.addNorm(`${name}.attention_norm`, `${from}.attention.output.LayerNorm`, x, out);
    const wide = await this.linear(`${name}.wide`, `${from}.intermediate.dense`, middle, [c.hiddenSize, c.intermediateSize]);
    const narrow = await this.linear(`${name}.narrow`, `${from}.output.dense`, b.node('Gelu', `${name}.gelu`, [wide]), [c.intermediateSize, c.hiddenSize], LEAST_GELU);
    return this.addNorm(`${name}.norm`, `${from}.output.LayerNorm`, middle, narrow);
  }

  private async normWeights(name: string, from: string): Promise<[Value, Value]> {
    const size = [this.config.hiddenSize];
    return [await this.tensor(`${name}.gamma`, `${from}.weight`, size), await this.tensor(`${name}.beta`, `${from}.bias`, size)];
  }
}
