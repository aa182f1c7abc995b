import type { Checkpoint } from '../weights/checkpoint.js';
import { exactBitsOf, naturalBlockSize } from '../weights/exact-blocks.js';
import type { DType } from '../weights/tensor-source.js';
import type { GraphBuilder, Value } from './graph-builder.js';
import type { BlockWeights, LinearWriter } from './linear.js';
import { ELEMENT_TYPE } from './onnx-proto.js';
import type { WeightSlot } from './weight-file.js';

interface TableOptions {
  tensor: string;
  rows: number;
  columns: number;
  /** The output projection uses the same matrix. */
  tied: boolean;
}

/** The token embeddings, in the smallest form that keeps their exact values: blocks as in the file, half precision as in the file, else float32. */
export class EmbeddingTable {
  private constructor(
    private readonly builder: GraphBuilder,
    private readonly linear: LinearWriter,
    private readonly options: TableOptions,
    private readonly form: { kind: 'blocks'; weights: BlockWeights } | { kind: 'half' | 'float'; slot: WeightSlot },
  ) {}

  static async write(builder: GraphBuilder, checkpoint: Checkpoint, linear: LinearWriter, options: TableOptions): Promise<EmbeddingTable> {
    const { tensor, rows, columns, tied } = options;
    const type = checkpoint.typeOf(tensor) ?? 'F32';
    const bits = linear.isExact('embedding') ? undefined : exactBitsOf(type);
    const blockSize = naturalBlockSize(type);
    const table = (form: EmbeddingTable['form']) => new EmbeddingTable(builder, linear, options, form);
    if (bits && columns % blockSize === 0) {
      const weights = await linear.blocks({ name: 'embedding', columns, parts: [{ tensor, rows }] }, { bits, blockSize, zeroPoints: false, scaleSearch: false });
      return table({ kind: 'blocks', weights });
    }
    const half = tied && linear.quantization === 'none' ? undefined : HALF[type];
    const slot = builder.slot('embedding', half ?? 'float32', [rows, columns]);
    for await (const run of half ? checkpoint.bytesOf(tensor, [rows, columns]) : checkpoint.float32Rows(tensor, [rows, columns])) await slot.write(run);
    return table({ kind: half ? 'half' : 'float', slot });
  }

  /** ids [...] → float32 [..., columns]. */
  lookup(ids: Value): Value {
    const { builder: b, form, options } = this;
    if (form.kind === 'blocks') {
      const { layout, data } = form.weights;
      const flat = b.alias('embedding.flat', { type: 'uint8', dims: [options.rows, (options.columns * layout.bits) / 8] }, data);
      return b.node('GatherBlockQuantized', 'looked_up', [flat, ids, 'embedding.scales'], { attributes: { bits: layout.bits, block_size: layout.blockSize, gather_axis: 0, quantize_axis: 1 } });
    }
    if (form.kind === 'float') return b.node('Gather', 'looked_up', ['embedding', ids]);
    return b.node('Cast', 'looked_up', [b.node('Gather', 'looked_up.half', ['embedding', ids])], { attributes: { to: ELEMENT_TYPE.float32 } });
  }

  /** hidden [n, columns] → [n, rows]: the output projection of a model that ties both. */
  async project(hidden: Value): Promise<Value> {
    const { builder: b, linear, form, options } = this;
    if (form.kind === 'blocks' && !linear.isExact('head')) return linear.multiply(hidden, form.weights, { name: 'embedding', output: 'head' });
    if (form.kind === 'float' && linear.isExact('head')) {
      // The same bytes under another name: ONNX Runtime packs its own copy for the product and then lets go of these, while only the rows that are looked up are read of the others.
      const weight = b.alias('head.weight', { type: 'float32', dims: [options.rows, options.columns] }, form.slot);
      return b.node('Gemm', 'head', [hidden, weight], { attributes: { transB: 1 } });
    }
    return linear.apply(hidden, { name: 'head', columns: options.columns, parts: [{ tensor: options.tensor, rows: options.rows }] });
  }
}

const HALF: Partial<Record<DType, 'float16' | 'bfloat16'>> = { F16: 'float16', BF16: 'bfloat16' };
