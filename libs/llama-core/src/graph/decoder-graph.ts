import type { DecoderConfig } from '../model/decoder-config.js';
import { ropeFrequencies, ropeTables } from '../model/rope.js';
import type { Checkpoint } from '../weights/checkpoint.js';
import { type Attribute, float, type GraphBuilder, NONE, type Value } from './graph-builder.js';
import { EmbeddingTable } from './embedding-table.js';
import { type LinearOptions, LinearWriter } from './linear.js';

export interface DecoderGraphOptions extends LinearOptions {
  /** Positions for which the rotation tables are made. */
  positions: number;
}

/**
 * Whether a layer's qkv projections stay float32 when the rest is quantized: in the first half of a small model. Rounding the inputs of these matrices,
 * in which single channels stand far out, is a third of the whole error of SmolLM2-135M (mean divergence from float32 over 657 positions: 0.0049 with
 * none of them exact, 0.0037 with these, 0.0031 with all; llama.cpp 0.0044), but a float32 matrix takes twice the time of a rounded one.
 */
export const hasExactQkv = ({ hiddenSize, layers }: DecoderConfig, layer: number): boolean => hiddenSize <= 1024 && layer < layers / 2;

/** Outputs from which a decode step takes the new keys and values: queries, keys and values of a layer before rotation, and the rotation of each row's position. */
export const FRESH = { cos: 'fresh.cos', sin: 'fresh.sin', projections: (layer: number): string => `layer${layer}.attention.qkv` } as const;

/**
 * A Llama 1–3 decoder as one graph; {@link Llama4Graph} replaces its attention and feed-forward blocks.
 * Inputs: `input_ids` int64 [batch, new]; `seqlens_k` int32 [batch], total length − 1; `total_sequence_length` int32 [1], the longest; `logit_rows` int64 [rows], indices into batch·new; `past.<i>.key|value` float32 [batch, kvHeads, past, headDim].
 * Outputs: `logits` float32 [rows, vocabulary]; `present.<i>.key|value` [batch, kvHeads, total, headDim].
 */
export class DecoderGraph {
  protected readonly linear: LinearWriter;

  constructor(
    protected readonly builder: GraphBuilder,
    protected readonly checkpoint: Checkpoint,
    protected readonly config: DecoderConfig,
    protected readonly options: DecoderGraphOptions,
  ) {
    this.linear = new LinearWriter(builder, checkpoint, options);
  }

  async build(): Promise<Uint8Array> {
    const { builder: b, config: c } = this;
    const ids = b.input('input_ids', 'int64', ['batch', 'new']);
    b.input('seqlens_k', 'int32', ['batch']);
    b.input('total_sequence_length', 'int32', [1]);
    const logitRows = b.input('logit_rows', 'int64', ['rows']);
    const rotation = await this.rotation();
    const embedding = await EmbeddingTable.write(b, this.checkpoint, this.linear, { tensor: 'model.embed_tokens.weight', rows: c.embeddingRows ?? c.vocabSize, columns: c.hiddenSize, tied: c.tiedEmbeddings });
    const rows3d = b.node('Concat', 'rows3d', [b.node('Shape', 'ids_shape', [ids]), b.int64([-1])], { attributes: { axis: 0 } });
    let residual = b.node('Reshape', 'embedded', [embedding.lookup(ids), b.int64([-1, c.hiddenSize])]);
    let branch: Value | undefined;
    for (let layer = 0; layer < c.layers; layer++) {
      const attended = await this.norm(`layer${layer}.attention_norm`, `model.layers.${layer}.input_layernorm.weight`, residual, branch);
      const attention = await this.attention(layer, attended.normed, rows3d, rotation);
      const fed = await this.norm(`layer${layer}.mlp_norm`, `model.layers.${layer}.post_attention_layernorm.weight`, attended.sum, attention);
      branch = await this.mlp(layer, fed.normed);
      residual = fed.sum;
    }
    const { normed } = await this.norm('final_norm', 'model.norm.weight', residual, branch);
    await this.head(b.node('Gather', 'logit_hidden', [normed, logitRows]), embedding);
    return b.encode();
  }

  /** RMS norm of `residual + branch`; also gives the sum, which the next block adds to. */
  private async norm(name: string, tensor: string, residual: Value, branch: Value | undefined): Promise<{ normed: Value; sum: Value }> {
    const { builder: b, config: c } = this;
    const gamma = await b.weight(`${name}.weight`, 'float32', [c.hiddenSize], [await this.checkpoint.float32(tensor, [c.hiddenSize])]);
    const epsilon = float(c.normEpsilon);
    if (branch === undefined) return { normed: b.node('SimplifiedLayerNormalization', name, [residual, gamma], { attributes: { epsilon, axis: -1 } }), sum: residual };
    const sum = `${name}.sum`;
    return { normed: b.node('SkipSimplifiedLayerNormalization', name, [residual, branch, gamma], { attributes: { epsilon }, outputs: [name, NONE, NONE, sum] }), sum };
  }

  protected async attention(layer: number, x: Value, rows3d: Value, [cos, sin]: [Value, Value]): Promise<Value> {
    const { builder: b } = this;
    const name = `layer${layer}.attention`;
    const projected = await this.queriesKeysValues(layer, x);
    if (layer === 0) this.rotationOutputs(cos, sin);
    b.output(projected, 'float32', ['tokens', (this.config.heads + 2 * this.config.kvHeads) * this.config.headDim]);
    const packed = b.node('Reshape', `${name}.packed`, [projected, rows3d]);
    return this.attend(layer, { qkv: [packed, NONE, NONE], after: [cos, sin], attributes: { do_rotary: 1, rotary_interleaved: 0 } });
  }

  /** The rotation of each row's last token, [batch, headDim / 2]. */
  private rotationOutputs(cos: Value, sin: Value): void {
    const { builder: b, config: c } = this;
    for (const [name, table] of [[FRESH.cos, cos], [FRESH.sin, sin]] as const) {
      b.node('Gather', name, [table, 'seqlens_k']);
      b.output(name, 'float32', ['batch', c.headDim / 2]);
    }
  }

  /** x [n, hidden] → queries, keys and values side by side: [n, (heads + 2·kvHeads)·headDim]. */
  protected async queriesKeysValues(layer: number, x: Value): Promise<Value> {
    const { config: c } = this;
    const part = (kind: string, heads: number) => ({ tensor: `model.layers.${layer}.self_attn.${kind}_proj.weight`, rows: heads * c.headDim });
    return this.linear.apply(x, { name: `layer${layer}.attention.qkv`, exact: hasExactQkv(c, layer), columns: c.hiddenSize, parts: [part('q', c.heads), part('k', c.kvHeads), part('v', c.kvHeads)] });
  }

  /** GroupQueryAttention over the layer's cache, then the output projection: [n, hidden]. `after` are the operator's inputs after the sequence lengths. */
  protected async attend(layer: number, o: { qkv: Value[]; after: Value[]; attributes: Record<string, Attribute> }): Promise<Value> {
    const { builder: b, config: c } = this;
    const name = `layer${layer}.attention`;
    const cache = ['key', 'value'].map((kind) => b.input(`past.${layer}.${kind}`, 'float32', ['batch', c.kvHeads, 'past', c.headDim]));
    const outputs = [name, `present.${layer}.key`, `present.${layer}.value`];
    for (const output of outputs.slice(1)) b.output(output, 'float32', ['batch', c.kvHeads, 'total', c.headDim]);
    const attributes = { num_heads: c.heads, kv_num_heads: c.kvHeads, scale: float(1 / Math.sqrt(c.headDim)), ...o.attributes };
    b.node('GroupQueryAttention', name, [...o.qkv, ...cache, 'seqlens_k', 'total_sequence_length', ...o.after], { outputs, attributes });
    const rows = c.heads * c.headDim;
    const flat = b.node('Reshape', `${name}.flat`, [name, b.int64([-1, rows])]);
    return this.linear.apply(flat, { name: `${name}.out`, columns: rows, parts: [{ tensor: `model.layers.${layer}.self_attn.o_proj.weight`, rows: c.hiddenSize }] });
  }

  protected mlp(layer: number, x: Value): Promise<Value> {
    return this.gatedBlock(x, { name: `layer${layer}.mlp`, from: `model.layers.${layer}.mlp`, width: this.config.intermediateSize });
  }

  /** down(silu(gate(x)) · up(x)): [n, hidden]. */
  protected async gatedBlock(x: Value, { name, from, width }: { name: string; from: string; width: number }): Promise<Value> {
    const { hiddenSize } = this.config;
    const part = (kind: string, rows: number) => ({ tensor: `${from}.${kind}_proj.weight`, rows });
    const both = await this.linear.apply(x, { name: `${name}.gate_up`, columns: hiddenSize, parts: [part('gate', width), part('up', width)] });
    return this.linear.apply(this.gated(name, both, width), { name: `${name}.down`, columns: width, parts: [part('down', hiddenSize)] });
  }

  /** [n, gate and up side by side] → silu(gate) · up [n, width]; SiLU is QuickGelu with alpha 1. */
  protected gated(name: string, both: Value, width: number): Value {
    const { builder: b } = this;
    const [gate, up] = [`${name}.gate`, `${name}.up`];
    b.node('Split', `${name}.split`, [both, b.int64([width, width])], { attributes: { axis: -1 }, outputs: [gate, up] });
    return b.node('Mul', `${name}.product`, [b.node('QuickGelu', `${name}.silu`, [gate], { attributes: { alpha: float(1) } }), up]);
  }

  private async head(hidden: Value, embedding: EmbeddingTable): Promise<void> {
    const { builder: b, config: c } = this;
    b.output('logits', 'float32', ['rows', c.vocabSize]);
    const logits = await (c.tiedEmbeddings ? embedding.project(hidden) : this.linear.apply(hidden, { name: 'head', columns: c.hiddenSize, parts: [{ tensor: 'lm_head.weight', rows: c.vocabSize }] }));
    b.node('Identity', 'logits_out', [logits], { outputs: ['logits'] });
  }

  private async rotation(): Promise<[Value, Value]> {
    const { config: c, options } = this;
    const ratios = this.checkpoint.has('rope_freqs.weight') ? await this.checkpoint.float32('rope_freqs.weight', [c.headDim / 2]) : undefined;
    const frequencies = ropeFrequencies({ headDim: c.headDim, theta: c.ropeTheta, ...(c.ropeScaling ? { scaling: c.ropeScaling } : {}), ...(ratios ? { ratios } : {}) });
    const { cos, sin } = ropeTables(frequencies, options.positions);
    const shape = [options.positions, c.headDim / 2];
    return [await this.builder.weight('rope.cos', 'float32', shape, [cos]), await this.builder.weight('rope.sin', 'float32', shape, [sin])];
  }
}
