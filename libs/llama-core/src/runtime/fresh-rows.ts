import { FRESH } from '../graph/decoder-graph.js';
import type { DecoderConfig } from '../model/decoder-config.js';
import type { KvBatch } from './kv-cache.js';
import { type Fetches, floatsOf } from './ort-session.js';

/**
 * Keys and values of one new token per sequence, taken from what a decode step computed before its attention. The session could return the whole
 * cache instead, but the binding copies every tensor it returns: at 64 tokens of context that is a tenth of a step, at 512 a quarter.
 */
export class FreshRows {
  /** Outputs that a step has to fetch. */
  readonly names: string[];

  constructor(private readonly config: DecoderConfig) {
    this.names = [FRESH.cos, FRESH.sin, ...Array.from({ length: config.layers }, (_, layer) => FRESH.projections(layer))];
  }

  /** Writes row i of the outputs behind the `positions[i]` tokens that row i of the batch holds. */
  append(batch: KvBatch, outputs: Fetches, positions: readonly number[]): void {
    const { heads, kvHeads, headDim, layers } = this.config;
    const [cos, sin] = [floatsOf(outputs[FRESH.cos]), floatsOf(outputs[FRESH.sin])];
    const [queries, keys, width] = [heads * headDim, kvHeads * headDim, (heads + 2 * kvHeads) * headDim];
    for (let layer = 0; layer < layers; layer++) {
      const projected = floatsOf(outputs[FRESH.projections(layer)]);
      positions.forEach((position, row) => {
        for (let head = 0; head < kvHeads; head++) {
          const key = row * width + queries + head * headDim;
          const place = { row, head, position };
          rotate(projected.subarray(key, key + headDim), { cos, sin, from: (row * headDim) / 2, out: batch.rowOf({ index: 2 * layer, ...place }) });
          batch.rowOf({ index: 2 * layer + 1, ...place }).set(projected.subarray(key + keys, key + keys + headDim));
        }
      });
    }
  }
}

/** The rotation of GroupQueryAttention: element i is paired with element i + headDim / 2. */
function rotate(key: Float32Array, { cos, sin, from, out }: { cos: Float32Array; sin: Float32Array; from: number; out: Float32Array }): void {
  const half = key.length / 2;
  for (let i = 0; i < half; i++) {
    const [a, b, c, s] = [key[i]!, key[i + half]!, cos[from + i]!, sin[from + i]!];
    out[i] = a * c - b * s;
    out[i + half] = b * c + a * s;
  }
}
