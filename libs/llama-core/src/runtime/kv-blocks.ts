import { KvBatch, type KvShape } from './kv-cache.js';
import { float32Tensor } from './ort-session.js';

interface Block {
  tokens: number;
  /** [tensors, kvHeads, tokens, headDim] */
  values: Float32Array;
}

/** Keys and values of the blocks in the prefix cache. What is kept, and for how long, is decided elsewhere. */
export class KvBlocks {
  private readonly blocks = new Map<number, Block>();

  constructor(private readonly shape: KvShape) {}

  /** Copies tokens of a sequence into a new block. */
  store(block: number, source: { batch: KvBatch; id: number; from: number; count: number }): void {
    const { batch, id, from, count } = source;
    const perHead = count * this.shape.headDim;
    const values = new Float32Array(this.shape.tensors * this.shape.kvHeads * perHead);
    for (let index = 0; index < this.shape.tensors; index++) batch.copy({ index, id, from, count, out: values, place: (head) => (index * this.shape.kvHeads + head) * perHead });
    this.blocks.set(block, { tokens: count, values });
  }

  drop(block: number): void {
    this.blocks.delete(block);
  }

  /** A new sequence that consists of the blocks, in order. */
  sequenceOf(id: number, ids: readonly number[]): { batch: KvBatch; length: number } {
    const { tensors: count, kvHeads, headDim } = this.shape;
    const blocks = ids.map((block) => this.blocks.get(block)!);
    const length = blocks.reduce((sum, block) => sum + block.tokens, 0);
    const tensors = Array.from({ length: count }, (_, index) => {
      const out = new Float32Array(kvHeads * length * headDim);
      let at = 0;
      for (const { tokens, values } of blocks) {
        for (let head = 0; head < kvHeads; head++) {
          const start = (index * kvHeads + head) * tokens * headDim;
          out.set(values.subarray(start, start + tokens * headDim), (head * length + at) * headDim);
        }
        at += tokens;
      }
      return float32Tensor(out, [1, kvHeads, length, headDim]);
    });
    return { batch: new KvBatch(this.shape, [id], tensors, length), length };
  }

  get byteLength(): number {
    let bytes = 0;
    for (const { values } of this.blocks.values()) bytes += values.byteLength;
    return bytes;
  }
}
