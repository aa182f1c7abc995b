import type { GraphBuilder, Value } from '../graph-builder.js';

/** Added to a score to hide it; finite, because 0 · ∞ is not a number. */
const HIDDEN = -1e30;
const INT64 = 7;
const FLOAT = 1;

/** Where the new tokens stand in their sequences, computed once per run from `input_ids`, `seqlens_k` and `total_sequence_length`. */
export class TokenPositions {
  private idsValue: Value | undefined;
  private mask: Value | undefined;

  constructor(private readonly builder: GraphBuilder) {}

  /** Absolute positions, int64 [batch, new]: they end at the row's total length; a first prompt padded on the right begins at 0. */
  ids(): Value {
    this.idsValue ??= this.writeIds();
    return this.idsValue;
  }

  /** Additive mask float32 [batch, 1, new, total] that hides every key outside the query's own chunk. The causal mask is the attention's own. */
  async chunkMask(chunkTokens: number): Promise<Value> {
    this.mask ??= await this.writeChunkMask(chunkTokens);
    return this.mask;
  }

  private writeIds(): Value {
    const b = this.builder;
    const count = b.node('Gather', 'positions.count', [b.node('Shape', 'positions.ids_shape', ['input_ids']), b.int64([1], [])]);
    const last = b.node('Cast', 'positions.last', ['seqlens_k'], { attributes: { to: INT64 } });
    const first = b.node('Max', 'positions.first', [b.node('Sub', 'positions.before', [b.node('Add', 'positions.total', [last, b.int64([1])]), count]), b.int64([0])]);
    const range = b.node('Range', 'positions.range', [b.int64([0], []), count, b.int64([1], [])]);
    return b.node('Add', 'positions', [b.node('Unsqueeze', 'positions.first2d', [first, b.int64([1])]), range]);
  }

  private async writeChunkMask(chunkTokens: number): Promise<Value> {
    const b = this.builder;
    const size = b.int64([chunkTokens]);
    const own = b.node('Unsqueeze', 'chunks.of_queries', [b.node('Div', 'chunks.own', [this.ids(), size]), b.int64([1, 3])]);
    const total = b.node('Squeeze', 'chunks.total', [b.node('Cast', 'chunks.total64', ['total_sequence_length'], { attributes: { to: INT64 } })]);
    const keys = b.node('Div', 'chunks.of_keys', [b.node('Range', 'chunks.keys', [b.int64([0], []), total, b.int64([1], [])]), size]);
    const foreign = b.node('Cast', 'chunks.foreign', [b.node('Not', 'chunks.not_same', [b.node('Equal', 'chunks.same', [own, keys])])], { attributes: { to: FLOAT } });
    return b.node('Mul', 'chunks.mask', [foreign, await b.weight('chunks.hidden', 'float32', [1], [Float32Array.of(HIDDEN)])]);
  }
}
