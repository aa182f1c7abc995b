import { LlamaCoreError } from '../errors.js';
import { BLOCK, type TensorInfo, type TensorSource } from './tensor-source.js';

/** Part of a tensor [experts, …] that is one expert's matrix; `columns` set: it lies transposed, in these columns of a slab that is `width` wide. */
interface Slice {
  slab: TensorInfo;
  transposed?: { width: number; from: number };
}

/**
 * Shows stacked experts one by one, as matrices [output, input], so that no more than one is ever in memory.
 * Hugging Face: `….experts.gate_up_proj` [experts, hidden, 2·width] and `….experts.down_proj` [experts, width, hidden], both transposed, become `….experts.<e>.{gate,up,down}_proj.weight`.
 * GGUF: `blk.N.ffn_{gate,up,down}_exps.weight` [experts, output, input] become `blk.N.ffn_{gate,up,down}.<e>.weight`.
 */
export function unstackExperts(source: TensorSource): TensorSource {
  const tensors = new Map(source.tensors);
  const slices = new Map<TensorInfo, Slice>();
  for (const stacked of source.tensors.values())
    for (const [info, slice] of slicesOf(stacked)) {
      tensors.set(info.name, info);
      slices.set(info, slice);
    }
  const turned = new LastTurned(source);
  return {
    tensors,
    close: () => source.close(),
    read: async (info, from = 0, byteLength = info.byteLength - from) => {
      const slice = slices.get(info);
      if (slice?.transposed) return (await turned.rows(info, slice.slab, slice.transposed)).subarray(from, from + byteLength);
      return source.read({ ...info, offset: info.offset + from, byteLength });
    },
  };
}

/** Transposes on demand and remembers the last matrix, because callers read a matrix in runs of rows and a row of the result needs the whole slab. */
class LastTurned {
  private last: { info: TensorInfo; bytes: Uint8Array } | undefined;

  constructor(private readonly source: TensorSource) {}

  async rows(info: TensorInfo, slab: TensorInfo, columns: { width: number; from: number }): Promise<Uint8Array> {
    if (this.last?.info !== info) this.last = { info, bytes: transposedColumns(await this.source.read(slab), info, columns) };
    return this.last.bytes;
  }
}

function slicesOf(stacked: TensorInfo): Array<[TensorInfo, Slice]> {
  const gguf = /^(blk\.\d+\.ffn_(?:gate|up|down))_exps\.weight$/.exec(stacked.name);
  if (gguf) return slabs(stacked).map((slab, e) => [{ ...slab, name: `${gguf[1]}.${e}.weight` }, { slab }]);
  const huggingFace = /^(.+\.experts)\.(gate_up|down)_proj$/.exec(stacked.name);
  if (!huggingFace) return [];
  const kinds = huggingFace[2] === 'down' ? ['down'] : ['gate', 'up'];
  if (BLOCK[stacked.dtype][0] !== 1) throw new LlamaCoreError('unsupported_tensor_type', `${stacked.name}: experts in ${stacked.dtype} blocks cannot be transposed.`, { param: stacked.name });
  return slabs(stacked).flatMap((slab, e) => kinds.map((kind, i): [TensorInfo, Slice] => {
    const [inputs, width] = [slab.shape[0] ?? 0, slab.shape[1] ?? 0];
    const outputs = width / kinds.length;
    const info = { ...slab, name: `${huggingFace[1]}.${e}.${kind}_proj.weight`, shape: [outputs, inputs], byteLength: slab.byteLength / kinds.length };
    return [info, { slab, transposed: { width, from: i * outputs } }];
  }));
}

/** The matrices that a stack [experts, rows, columns] holds one after the other. */
function slabs(stacked: TensorInfo): TensorInfo[] {
  const [experts = 0, ...shape] = stacked.shape;
  if (stacked.shape.length !== 3) throw new LlamaCoreError('config_invalid', `${stacked.name}: expected a stack of matrices, got ${stacked.shape.length} dimensions.`, { param: stacked.name });
  const byteLength = stacked.byteLength / experts;
  return Array.from({ length: experts }, (_, e) => ({ ...stacked, shape, offset: stacked.offset + e * byteLength, byteLength }));
}

/** Some columns of a slab [inputs, width], as rows. */
function transposedColumns(slab: Uint8Array, info: TensorInfo, { width, from }: { width: number; from: number }): Uint8Array {
  const [outputs = 0, inputs = 0] = info.shape;
  const size = BLOCK[info.dtype][1];
  const words = size === 4 ? Uint32Array : size === 2 ? Uint16Array : Uint8Array;
  // A fresh buffer begins at an address that suits every element type; the slab's may not.
  const source = new words(slab.slice().buffer);
  const out = new words(outputs * inputs);
  for (let input = 0; input < inputs; input++) for (let output = 0; output < outputs; output++) out[output * inputs + input] = source[input * width + from + output]!;
  return new Uint8Array(out.buffer);
}
