import { float32Tensor, floatsOf, type Tensor } from './ort-session.js';

/** Shape of one layer's keys or values: [batch, kvHeads, capacity, headDim]. */
export interface KvShape {
  /** Number of tensors: keys and values of every layer. */
  tensors: number;
  kvHeads: number;
  headDim: number;
}

/** Tokens of one sequence in one tensor, and where each head's values begin in `out`. */
export interface KvCopy {
  index: number;
  id: number;
  from: number;
  count: number;
  out: Float32Array;
  place: (head: number) => number;
}

/**
 * Keys and values of several sequences side by side, right-padded to one capacity; they are copied only when the set of sequences changes or outgrows it.
 */
export class KvBatch {
  constructor(
    private readonly shape: KvShape,
    readonly ids: readonly number[],
    readonly tensors: readonly Tensor[],
    readonly capacity: number,
  ) {}

  static empty(shape: KvShape, id: number): KvBatch {
    const tensors = Array.from({ length: shape.tensors }, () => float32Tensor(new Float32Array(0), [1, shape.kvHeads, 0, shape.headDim]));
    return new KvBatch(shape, [id], tensors, 0);
  }

  /** Gathers sequences from the batches that hold them, with room for at least `room` tokens each; `length` is in tokens. */
  static gather(shape: KvShape, rows: ReadonlyArray<{ id: number; from: KvBatch; length: number }>, room = 0): KvBatch {
    const capacity = rows.reduce((longest, row) => Math.max(longest, row.length), room);
    const tensors = Array.from({ length: shape.tensors }, (_, index) => {
      const out = new Float32Array(rows.length * shape.kvHeads * capacity * shape.headDim);
      rows.forEach((row, at) => { row.from.copy({ index, id: row.id, from: 0, count: row.length, out, place: (head) => (at * shape.kvHeads + head) * capacity * shape.headDim }); });
      return float32Tensor(out, [rows.length, shape.kvHeads, capacity, shape.headDim]);
    });
    return new KvBatch(shape, rows.map((row) => row.id), tensors, capacity);
  }

  get byteLength(): number {
    return this.shape.tensors * this.ids.length * this.shape.kvHeads * this.capacity * this.shape.headDim * Float32Array.BYTES_PER_ELEMENT;
  }

  holdsExactly(ids: readonly number[]): boolean {
    return ids.length === this.ids.length && ids.every((id, i) => id === this.ids[i]);
  }

  /** Where a row's values of one token and head lie. */
  rowOf({ index, row, head, position }: { index: number; row: number; head: number; position: number }): Float32Array {
    const { kvHeads, headDim } = this.shape;
    const start = ((row * kvHeads + head) * this.capacity + position) * headDim;
    return floatsOf(this.tensors[index]).subarray(start, start + headDim);
  }

  copy({ index, id, from, count, out, place }: KvCopy): void {
    const { kvHeads, headDim } = this.shape;
    const data = floatsOf(this.tensors[index]);
    const row = this.ids.indexOf(id);
    for (let head = 0; head < kvHeads; head++) {
      const start = ((row * kvHeads + head) * this.capacity + from) * headDim;
      out.set(data.subarray(start, start + count * headDim), place(head));
    }
  }
}
