import { LlamaCoreError } from '../errors.js';
import { type Checkpoint, deinterleave, huggingFaceName } from '../weights/checkpoint.js';
import { dequantize } from '../weights/dequantize.js';
import { openGguf } from '../weights/gguf.js';
import { hashFile } from '../weights/hash-file.js';
import type { TensorInfo } from '../weights/tensor-source.js';
import { type LoraAdapter, type LoraModule, loraModule, refuseForeignFactors } from './lora-adapter.js';

/** Heads of the model that an adapter is for: llama.cpp keeps the rows of q and k in another order. */
export interface AdapterHeads {
  heads: number;
  kvHeads: number;
}

const unsupported = (field: string, message: string) => new LlamaCoreError('adapter_unsupported', `${field}: ${message}`, { param: field });

/**
 * Reads a LoRA adapter in llama.cpp's GGUF form for the model `base`. Source: ggml-org/llama.cpp `llama-adapter.cpp`: scale = alpha / rank, and 1 without an alpha.
 * @throws LlamaCoreError `gguf_invalid`, `adapter_invalid`, `adapter_unsupported`, `unsupported_tensor_type`.
 */
export async function openGgufAdapter(path: string, base: Checkpoint, heads: AdapterHeads): Promise<LoraAdapter> {
  const file = await openGguf(path);
  try {
    for (const [field, expected] of [['general.type', 'adapter'], ['adapter.type', 'lora'], ['general.architecture', 'llama']] as const) {
      const value = file.metadata.get(field);
      if (value !== expected) throw unsupported(field, `expected ${expected}, got ${String(value ?? 'nothing').slice(0, 40)}.`);
    }
    if (file.metadata.has('adapter.alora.invocation_tokens')) throw unsupported('adapter.alora.invocation_tokens', 'activated LoRA is not supported.');
    const alpha = file.metadata.get('adapter.lora.alpha') ?? 0;
    if (typeof alpha !== 'number' || !Number.isFinite(alpha)) throw new LlamaCoreError('adapter_invalid', 'adapter.lora.alpha: expected a number.', { param: 'adapter.lora.alpha' });
    const modules = new Map<string, LoraModule>();
    const pairs = pairsOf(file.tensors.values());
    for (const [name, { a, b }] of pairs) refuseForeignFactors(name, { a: a.shape, b: b.shape }, base);
    for (const [name, factors] of pairs) {
      const read = async (info: TensorInfo) => dequantize(info.dtype, await file.read(info));
      const [a, b] = [await read(factors.a), await read(factors.b)];
      const shapes = { a: factors.a.shape, b: factors.b.shape };
      modules.set(name, loraModule(name, { a, b: rowsInOrder(name, b, factors.b, heads), shapes, scaling: alpha === 0 ? 1 : alpha / (shapes.a[0] ?? 1) }));
    }
    return { sha256: await hashFile(path), modules };
  } finally {
    await file.close();
  }
}

interface Pair {
  a: TensorInfo;
  b: TensorInfo;
}

/** Factors by the Hugging Face name of the matrix. */
function pairsOf(tensors: Iterable<TensorInfo>): Map<string, Pair> {
  const pairs = new Map<string, Partial<Pair>>();
  for (const info of tensors) {
    const [, matrix, factor] = /^(.+)\.lora_(a|b)$/.exec(info.name) ?? [];
    const name = matrix === undefined ? undefined : huggingFaceName(matrix);
    if (name === undefined) throw new LlamaCoreError('adapter_unsupported', `${info.name} is not a LoRA factor of a linear layer.`, { param: info.name });
    const pair = pairs.get(name) ?? {};
    pair[factor as 'a' | 'b'] = info;
    pairs.set(name, pair);
  }
  if (pairs.size === 0) throw new LlamaCoreError('adapter_invalid', 'The adapter holds no tensors.');
  for (const [name, { a, b }] of pairs) if (!a || !b) throw new LlamaCoreError('adapter_invalid', `${name}: expected lora_a and lora_b, one is missing.`, { param: name });
  return pairs as Map<string, Pair>;
}

/** Rows of b for q and k are interleaved as those of the matrix itself. */
function rowsInOrder(name: string, b: Float32Array, info: TensorInfo, { heads, kvHeads }: AdapterHeads): Float32Array {
  const count = name.endsWith('q_proj.weight') ? heads : name.endsWith('k_proj.weight') ? kvHeads : undefined;
  const rows = info.shape[0] ?? 0;
  if (count === undefined) return b;
  if (rows % (2 * count) !== 0) throw new LlamaCoreError('adapter_mismatch', `${name}: ${rows} rows cannot belong to ${count} heads.`, { param: name });
  const bytes = deinterleave(new Uint8Array(b.buffer, b.byteOffset, b.byteLength), rows, rows / count);
  return new Float32Array(bytes.buffer, bytes.byteOffset, b.length);
}
