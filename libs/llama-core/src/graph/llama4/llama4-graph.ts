import { type DecoderGraphOptions, DecoderGraph } from '../decoder-graph.js';
import { float, type GraphBuilder, NONE, type Value } from '../graph-builder.js';
import type { DecoderConfig } from '../../model/decoder-config.js';
import { type Llama4Layer, type Llama4Traits, temperatures } from '../../model/llama4-traits.js';
import type { Checkpoint } from '../../weights/checkpoint.js';
import { ExpertWriter } from './expert-writer.js';
import { TokenPositions } from './token-positions.js';

/**
 * A Llama 4 text decoder (Scout, Maverick, Llama Guard 4's dense stack) with the inputs and outputs of {@link DecoderGraph}.
 * Source: transformers' modeling_llama4. GroupQueryAttention can neither rotate neighbouring pairs and then normalise, nor see chunks, so both happen around it:
 * queries and keys come in rotated and normalised, and chunks are an additive mask, which graphs for contexts of one chunk go without.
 */
export class Llama4Graph extends DecoderGraph {
  private readonly positions: TokenPositions;
  private readonly experts: ExpertWriter;
  private readonly traits: Llama4Traits;
  private temperature: Value | undefined;

  constructor(builder: GraphBuilder, checkpoint: Checkpoint, config: DecoderConfig & { llama4: Llama4Traits }, options: DecoderGraphOptions) {
    super(builder, checkpoint, config, options);
    this.traits = config.llama4;
    this.positions = new TokenPositions(builder);
    this.experts = new ExpertWriter(builder, this.linear, config.hiddenSize);
  }

  protected override async attention(layer: number, x: Value, rows3d: Value, rotation: [Value, Value]): Promise<Value> {
    const { builder: b, config: c } = this;
    const [name, traits] = [`layer${layer}.attention`, this.traits.layers[layer]!];
    const [q, kv] = [c.heads * c.headDim, c.kvHeads * c.headDim];
    const [both, values] = this.split(`${name}.qkv_split`, await this.queriesKeysValues(layer, x), [`${name}.qk`, `${name}.v`], [q + kv, kv]);
    const placed = traits.rope ? await this.rotated(name, b.node('Reshape', `${name}.qk3d`, [both!, rows3d]), rotation) : both!;
    const [queries, keys] = this.split(`${name}.qk_split`, placed, [`${name}.q`, `${name}.k`], [q, kv]);
    const scaled = traits.rope ? queries! : await this.tempered(name, queries!);
    const qkv = [scaled, keys!, values!].map((value) => b.node('Reshape', `${value}.3d`, [value, rows3d]));
    return this.attend(layer, { qkv, after: [NONE, NONE, NONE, await this.chunkMask(traits)], attributes: { do_rotary: 0 } });
  }

  protected override async mlp(layer: number, x: Value): Promise<Value> {
    const [name, from] = [`layer${layer}.mlp`, `model.layers.${layer}.feed_forward`];
    const { experts } = this.traits;
    if (!experts || !this.traits.layers[layer]!.experts) return this.gatedBlock(x, { name, from, width: this.config.intermediateSize });
    const shared = await this.gatedBlock(x, { name: `${name}.shared`, from: `${from}.shared_expert`, width: experts.intermediateSize });
    const routed = await this.experts.apply(x, { name, from, experts, activate: (both) => this.gated(`${name}.experts`, both, experts.intermediateSize) });
    return this.builder.node('Add', `${name}.sum`, [shared, routed]);
  }

  /** Neighbouring pairs of all query and key heads rotated, then each head normalised: [batch, new, heads·headDim] → [n, heads·headDim]. */
  private async rotated(name: string, heads3d: Value, [cos, sin]: [Value, Value]): Promise<Value> {
    const { builder: b, config: c } = this;
    const columns = (c.heads + c.kvHeads) * c.headDim;
    const turned = b.node('RotaryEmbedding', `${name}.rotated`, [heads3d, this.positions.ids(), cos, sin], { attributes: { interleaved: 1 } });
    if (!this.traits.qkNorm) return b.node('Reshape', `${name}.rotated_flat`, [turned, b.int64([-1, columns])]);
    const heads = b.node('Reshape', `${name}.heads`, [turned, b.int64([-1, c.headDim])]);
    const normed = b.node('SimplifiedLayerNormalization', `${name}.qk_norm`, [heads, await this.ones()], { attributes: { epsilon: float(c.normEpsilon), axis: -1 } });
    return b.node('Reshape', `${name}.normed_flat`, [normed, b.int64([-1, columns])]);
  }

  /** Queries of a layer without rotation, scaled by position; short contexts have nothing to scale. */
  private async tempered(name: string, queries: Value): Promise<Value> {
    const { builder: b, options } = this;
    const { temperature } = this.traits;
    if (!temperature || options.positions < temperature.floorTokens) return queries;
    this.temperature ??= await this.temperatureOfTokens(temperature);
    return b.node('Mul', `${name}.tempered`, [queries, this.temperature]);
  }

  /** [n, 1] */
  private async temperatureOfTokens(temperature: { floorTokens: number; scale: number }): Promise<Value> {
    const { builder: b, options } = this;
    const table = await b.weight('temperature.table', 'float32', [options.positions], [temperatures(temperature, options.positions)]);
    return b.node('Reshape', 'temperature', [b.node('Gather', 'temperature.looked_up', [table, this.positions.ids()]), b.int64([-1, 1])]);
  }

  private chunkMask({ chunked }: Llama4Layer): Promise<Value> | Value {
    const { chunkTokens } = this.traits;
    return chunked && chunkTokens !== undefined && chunkTokens < this.options.positions ? this.positions.chunkMask(chunkTokens) : NONE;
  }

  private onesValue: Value | undefined;
  private async ones(): Promise<Value> {
    this.onesValue ??= await this.builder.weight('ones', 'float32', [this.config.headDim], [new Float32Array(this.config.headDim).fill(1)]);
    return this.onesValue;
  }

  /** Cuts the last axis into pieces of the given sizes. */
  private split(name: string, x: Value, outputs: string[], sizes: number[]): Value[] {
    this.builder.node('Split', name, [x, this.builder.int64(sizes)], { attributes: { axis: -1 }, outputs });
    return outputs;
  }
}
