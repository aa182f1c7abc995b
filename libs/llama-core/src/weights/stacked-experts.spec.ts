import { describe, expect, it } from 'vitest';
import { unstackExperts } from './stacked-experts.js';
import { byteLengthOf, type DType, type TensorInfo, type TensorSource } from './tensor-source.js';

/** A source of one tensor whose bytes are 0, 1, 2 …, or the given values. */
function sourceOf(name: string, dtype: DType, shape: number[], values?: Float32Array): TensorSource {
  const info: TensorInfo = { name, dtype, shape, file: 0, offset: 0, byteLength: byteLengthOf(dtype, shape) };
  const bytes = values ? new Uint8Array(values.buffer) : Uint8Array.from({ length: info.byteLength }, (_, i) => i % 256);
  return { tensors: new Map([[name, info]]), read: async (piece, from = 0, byteLength = piece.byteLength) => bytes.subarray(piece.offset + from, piece.offset + from + byteLength), close: async () => undefined };
}

async function floats(source: TensorSource, name: string): Promise<{ shape: readonly number[]; values: number[] }> {
  const info = source.tensors.get(name)!;
  return { shape: info.shape, values: [...new Float32Array((await source.read(info)).slice().buffer)] };
}

describe('unstackExperts', () => {
  it('turns gate and up columns of each expert into rows', async () => {
    // Two experts, hidden 2, width 1: [expert][hidden][gate, up].
    const source = unstackExperts(sourceOf('model.layers.1.feed_forward.experts.gate_up_proj', 'F32', [2, 2, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
    expect(await floats(source, 'model.layers.1.feed_forward.experts.0.gate_proj.weight')).toEqual({ shape: [1, 2], values: [1, 3] });
    expect(await floats(source, 'model.layers.1.feed_forward.experts.1.gate_proj.weight')).toEqual({ shape: [1, 2], values: [5, 7] });
    expect(await floats(source, 'model.layers.1.feed_forward.experts.1.up_proj.weight')).toEqual({ shape: [1, 2], values: [6, 8] });
  });

  it('transposes down projections', async () => {
    const source = unstackExperts(sourceOf('x.experts.down_proj', 'F32', [1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
    expect(await floats(source, 'x.experts.0.down_proj.weight')).toEqual({ shape: [3, 2], values: [1, 4, 2, 5, 3, 6] });
  });

  it('moves two-byte elements as a whole', async () => {
    const source = unstackExperts(sourceOf('x.experts.down_proj', 'BF16', [1, 2, 2]));
    expect([...(await source.read(source.tensors.get('x.experts.0.down_proj.weight')!))]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
  });

  it('reads some rows of a turned matrix', async () => {
    const source = unstackExperts(sourceOf('x.experts.down_proj', 'F32', [1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
    const rows = await source.read(source.tensors.get('x.experts.0.down_proj.weight')!, 8, 8);
    expect([...new Float32Array(rows.slice().buffer)]).toEqual([2, 5]);
  });

  it('cuts GGUF stacks between blocks', async () => {
    const source = unstackExperts(sourceOf('blk.3.ffn_up_exps.weight', 'Q8_0', [2, 1, 32]));
    const info = source.tensors.get('blk.3.ffn_up.1.weight')!;
    expect(info).toMatchObject({ shape: [1, 32], byteLength: 34 });
    expect((await source.read(info))[0]).toBe(34);
  });

  it('leaves other tensors alone and refuses stacks of another shape', async () => {
    expect([...unstackExperts(sourceOf('a.weight', 'F32', [2, 2])).tensors.keys()]).toEqual(['a.weight']);
    expect(() => unstackExperts(sourceOf('x.experts.down_proj', 'F32', [2, 2]))).toThrowError(expect.objectContaining({ code: 'config_invalid', param: 'x.experts.down_proj' }));
    expect(() => unstackExperts(sourceOf('x.experts.down_proj', 'Q8_0', [1, 1, 32]))).toThrowError(expect.objectContaining({ code: 'unsupported_tensor_type' }));
  });
});
