import type { BertConfig } from '../../model/encoder-config.js';
import type { Checkpoint } from '../../weights/checkpoint.js';
import { type GraphBuilder, type Value } from '../graph-builder.js';
import type { LinearOptions } from '../linear.js';
import { EncoderParts } from './encoder-parts.js';

/**
 * A BERT sequence classifier as one graph. Quantized by rows, its matrices are in 8 bits; the values of attention only where the config names the channels that are far larger than the rest in the rows of `[CLS]` and `[SEP]`, which
 * every token reads (docs/adr/0013). Quantized otherwise, attention is float32.
 * Inputs: `input_ids`, `token_type_ids` int64 [batch, tokens]; `attention_mask` int32 [batch, tokens]. Outputs: `logits` float32 [batch, labels]; `embedding` float32 [batch, hidden], the mean of the hidden states
 * in the middle of the stack: the last ones of a fine-tuned classifier know its labels and little else (measured: unseen texts on one subject and neutral
 * ones are 0.39–0.85 and at most 0.38 alike there, 0.83–1.00 and 0.59–0.99 at the end).
 */
export class BertGraph {
  private readonly parts: EncoderParts;

  constructor(
    private readonly builder: GraphBuilder,
    checkpoint: Checkpoint,
    private readonly config: BertConfig,
    options: LinearOptions,
  ) {
    this.parts = new EncoderParts(builder, checkpoint, config, options);
  }

  async build(): Promise<Uint8Array> {
    const { builder: b, config: c } = this;
    const ids = b.input('input_ids', 'int64', ['batch', 'tokens']);
    const types = b.input('token_type_ids', 'int64', ['batch', 'tokens']);
    const mask = b.input('attention_mask', 'int32', ['batch', 'tokens']);
    const shares = this.sharesOf(mask);
    let hidden = await this.embeddings(ids, types);
    for (let layer = 0; layer < c.layers; layer++) {
      hidden = await this.layer(layer, hidden, mask);
      if (layer === Math.ceil(c.layers / 2) - 1) this.meanOf('embedding', hidden, shares);
    }
    b.output('embedding', 'float32', ['batch', c.hiddenSize]);
    const pooled = await this.pool(hidden, shares);
    b.output('logits', 'float32', ['batch', c.labels.length]);
    const size: [number, number] = [c.hiddenSize, c.labels.length];
    if (c.unionOf.length === 0) await this.parts.exactLinear('logits', 'classifier', pooled, size);
    else this.withUnion('logits', await this.parts.exactLinear('columns', 'classifier', pooled, size));
    return b.encode();
  }

  /** Sum of word, position and type embeddings, normalised: [batch, tokens, hidden]. */
  private async embeddings(ids: Value, types: Value): Promise<Value> {
    const { builder: b, config: c } = this;
    const table = async (kind: string, rows: number) => this.parts.tensor(`embeddings.${kind}`, `bert.embeddings.${kind}_embeddings.weight`, [rows, c.hiddenSize]);
    const words = b.node('Gather', 'embeddings.words', [await table('word', c.vocabSize), ids]);
    const length = b.node('Gather', 'token_count', [b.node('Shape', 'ids_shape', [ids]), b.int64([1], [])]);
    const range = b.node('Range', 'position_ids', [b.int64([0], []), length, b.int64([1], [])]);
    const positions = b.node('Gather', 'embeddings.positions', [await table('position', c.maxTokens), range]);
    const kinds = b.node('Gather', 'embeddings.types', [await table('token_type', c.typeVocabSize), types]);
    return this.parts.sumNorm('embeddings', 'bert.embeddings.LayerNorm', [words, kinds, positions]);
  }

  private async layer(index: number, x: Value, mask: Value): Promise<Value> {
    const { builder: b, config: c } = this;
    const [name, from] = [`layer${index}`, `bert.encoder.layer.${index}`];
    const projection = (kind: string) => ({ name: `${name}.${kind}`, from: `${from}.attention.self.${kind}` });
    const [query, key, value] = [projection('query'), projection('key'), projection('value')];
    const size = [c.hiddenSize, c.hiddenSize] as const;
    const qkv = c.outlyingChannels
      ? await this.parts.products(x, [query, key, value], size, c.outlyingChannels)
      : [...(await this.parts.products(x, [query, key], size)), await this.parts.exactProduct(value.name, value.from, x, size)];
    const bias = await this.parts.biases(`${name}.attention_bias`, [query, key, value], c.hiddenSize);
    const attended = b.node('MultiHeadAttention', `${name}.attention`, [...qkv, bias, mask], { attributes: { num_heads: c.heads } });
    return this.parts.finishLayer(name, from, x, attended);
  }

  private async pool(hidden: Value, shares: Value): Promise<Value> {
    const { builder: b, config: c } = this;
    if (c.pooling === 'mean') return this.meanOf('pool.mean', hidden, shares);
    const first = b.node('Gather', 'pool.first', [hidden, b.int64([0], [])], { attributes: { axis: 1 } });
    return b.node('Tanh', 'pool.cls', [await this.parts.exactLinear('pool.dense', 'bert.pooler.dense', first, [c.hiddenSize, c.hiddenSize])]);
  }

  /**
   * Columns [batch, labels] → logits, the first of them that of 1 − (1 − p)·∏(1 − pᵢ) over its parts. With s = −log of that product, a sum of softplus, the logit is s + log(1 − e⁻ˢ).
   */
  private withUnion(name: string, columns: Value): Value {
    const { builder: b, config: c } = this;
    const parts = b.node('Gather', `${name}.parts`, [columns, b.int64([0, ...c.unionOf])], { attributes: { axis: 1 } });
    const none = b.node('ReduceSum', `${name}.none`, [b.node('Softplus', `${name}.softplus`, [parts]), b.int64([1])]);
    const some = b.node('Sub', `${name}.some`, [b.scalar('float32', 1), b.node('Exp', `${name}.none_exp`, [b.node('Neg', `${name}.none_neg`, [none])])]);
    const union = b.node('Add', `${name}.union`, [none, b.node('Log', `${name}.some_log`, [some])]);
    const others = b.node('Slice', `${name}.others`, [columns, b.int64([1]), b.int64([c.labels.length]), b.int64([1])]);
    return b.node('Concat', name, [union, others], { attributes: { axis: 1 } });
  }

  /** Share of each token in a mean over those that the mask keeps: [batch, 1, tokens]. */
  private sharesOf(mask: Value): Value {
    const b = this.builder;
    const kept = b.node('Unsqueeze', 'kept', [b.node('Cast', 'kept.float', [mask], { attributes: { to: 1 } }), b.int64([1])]);
    return b.node('Div', 'kept.shares', [kept, b.node('ReduceSum', 'kept.count', [kept, b.int64([2])])]);
  }

  /** Mean of [batch, tokens, hidden] → [batch, hidden], as one product: a run takes 2 % less than with a multiplication by the mask and a sum. */
  private meanOf(name: string, hidden: Value, shares: Value): Value {
    const b = this.builder;
    return b.node('Squeeze', name, [b.node('MatMul', `${name}.product`, [shares, hidden]), b.int64([1])]);
  }
}
