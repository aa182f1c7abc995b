import type { DebertaConfig } from '../../model/encoder-config.js';
import type { GraphBuilder, Value } from '../graph-builder.js';
import { distanceRows } from './distance-buckets.js';
import type { EncoderParts } from './encoder-parts.js';

const INT64 = 7;

/** What every layer needs of the positions of one run. */
interface Shared {
  /** int32 [batch, heads, tokens, tokens]: column of the cut tables for each pair. */
  index: Value;
  /** First table row that occurs at this length, and the one after the last: int64 [1]. */
  low: Value;
  high: Value;
}

/**
 * The relative terms of DeBERTa's scores: content to position Q·P_kᵀ and position to content P_q·Kᵀ, each looked up by the distance of the pair.
 *
 * - P_k and P_q depend on weights only. They are written as constant expressions, which ONNX Runtime folds when it loads the graph.
 * - The lookup index is one matrix for both terms (buckets are odd in the distance), cut to the length of the run once and shared by all layers.
 * - The tables are cut to the rows that can occur at this length: a text of 40 tokens multiplies by 79 rows, not by 512.
 */
export class RelativePositions {
  private readonly b: GraphBuilder;
  private shared: Shared | undefined;
  private distances: Value | undefined;

  constructor(
    private readonly parts: EncoderParts,
    private readonly config: DebertaConfig,
  ) {
    this.b = parts.builder;
  }

  /** Factor of all score terms. */
  get scale(): number {
    const { c2p, p2c } = this.config.relative.kinds;
    return 1 / Math.sqrt((this.config.hiddenSize / this.config.heads) * (1 + Number(c2p) + Number(p2c)));
  }

  /** Sum of the scaled relative terms of one layer [batch, heads, tokens, tokens]; query and key are [batch, tokens, hidden]. */
  async scores(name: string, from: string, { query, key }: { query: Value; key: Value }): Promise<Value> {
    const { b } = this;
    const { kinds, sharedKey } = this.config.relative;
    this.shared ??= await this.share();
    const { index, low, high } = this.shared;
    const cut = (kind: string, table: Value, axis: number) => b.node('Slice', `${name}.${kind}_rows`, [table, low, high, b.int64([axis])]);
    const terms: Value[] = [];
    if (kinds.c2p) {
      const table = await this.table(`${name}.c2p`, `${from}.${sharedKey ? 'key_proj' : 'pos_key_proj'}`, [1, 2, 0]);
      const all = b.node('MatMul', `${name}.c2p_all`, [this.heads(`${name}.c2p_query`, query, [0, 2, 1, 3]), cut('c2p', table, 2)]);
      terms.push(b.node('GatherElements', `${name}.c2p`, [all, index], { attributes: { axis: 3 } }));
    }
    if (kinds.p2c) {
      const table = await this.table(`${name}.p2c`, `${from}.${sharedKey ? 'query_proj' : 'pos_query_proj'}`, [1, 0, 2]);
      const all = b.node('MatMul', `${name}.p2c_all`, [cut('p2c', table, 1), this.heads(`${name}.p2c_key`, key, [0, 2, 3, 1])]);
      terms.push(b.node('GatherElements', `${name}.p2c`, [all, index], { attributes: { axis: 2 } }));
    }
    const [first, second] = terms;
    return second === undefined ? first! : b.node('Add', `${name}.relative`, [first!, second]);
  }

  private async share(): Promise<Shared> {
    const { b, config: c } = this;
    const all = await b.weight('relative.all', 'int32', [c.maxTokens, c.maxTokens], [distanceRows(c.maxTokens, c.relative)]);
    const batchAndTokens = b.node('Shape', 'relative.ids_shape', ['input_ids']);
    const [batch, tokens] = ['relative.batch', 'relative.tokens'];
    b.node('Split', 'relative.sizes', [batchAndTokens, b.int64([1, 1])], { attributes: { axis: 0 }, outputs: [batch, tokens] });
    const square = b.node('Concat', 'relative.square', [tokens, tokens], { attributes: { axis: 0 } });
    const rows = b.node('Slice', 'relative.rows', [all, b.int64([0, 0]), square, b.int64([0, 1])]);
    const extreme = (operator: string) => b.node(operator, `relative.${operator}`, [rows], { attributes: { keepdims: 0 } });
    const flat = (name: string, scalar: Value) => b.node('Reshape', name, [b.node('Cast', `${name}64`, [scalar], { attributes: { to: INT64 } }), b.int64([1])]);
    const smallest = extreme('ReduceMin');
    const high = b.node('Add', 'relative.high', [flat('relative.last', extreme('ReduceMax')), b.int64([1])]);
    const shape = b.node('Concat', 'relative.shape', [batch, b.int64([c.heads]), square], { attributes: { axis: 0 } });
    const index = b.node('Expand', 'relative.index', [b.node('Sub', 'relative.cut', [rows, smallest]), shape]);
    return { index, low: flat('relative.low', smallest), high };
  }

  /** A projection of the distance table, scaled, with axes [distance, head, size] reordered; a constant once the graph is loaded. */
  private async table(name: string, from: string, perm: number[]): Promise<Value> {
    const { b, config: c } = this;
    this.distances ??= await this.distanceTable();
    const projected = await this.parts.exactLinear(`${name}.table`, from, this.distances, [c.hiddenSize, c.hiddenSize]);
    const scaled = b.node('Mul', `${name}.table_scaled`, [projected, await b.weight(`${name}.scale`, 'float32', [1], [Float32Array.of(this.scale)])]);
    const heads = b.node('Reshape', `${name}.table_heads`, [scaled, b.int64([2 * c.relative.span, c.heads, c.hiddenSize / c.heads])]);
    return b.node('Transpose', `${name}.table_ready`, [heads], { attributes: { perm } });
  }

  private async distanceTable(): Promise<Value> {
    const { config: c } = this;
    const rows = await this.parts.tensor('relative.embeddings', 'deberta.encoder.rel_embeddings.weight', [2 * c.relative.span, c.hiddenSize]);
    return c.relative.normalised ? this.parts.norm('relative', 'deberta.encoder.LayerNorm', rows) : rows;
  }

  /** [batch, tokens, hidden] → heads apart, axes [batch, token, head, size] reordered. */
  private heads(name: string, x: Value, perm: number[]): Value {
    const { b, config: c } = this;
    const apart = b.node('Reshape', `${name}_heads`, [x, b.int64([0, 0, c.heads, c.hiddenSize / c.heads])]);
    return b.node('Transpose', name, [apart], { attributes: { perm } });
  }
}
