import { LlamaCoreError } from '../errors.js';
import type { BlockLayout } from './block-layout.js';
import { dequantize } from './dequantize.js';
import { quantizeTensor, type RawMatrix } from './exact-blocks.js';
import { openGguf } from './gguf.js';
import { type QuantizedMatrix, quantizeRows } from './quantize-blocks.js';
import { openSafetensors } from './safetensors.js';
import { unstackExperts } from './stacked-experts.js';
import { bytesOf, type DType, elementCount, type TensorInfo, type TensorSource } from './tensor-source.js';

/** What an adapter adds to a matrix: ΔW, row by row. */
export interface MatrixDelta {
  /** Adds rows [firstRow, …) of ΔW to `values`, which holds whole rows. */
  addTo(values: Float32Array, firstRow: number): void;
}

interface CheckpointNames {
  /** Turns a Hugging Face name into the file's own. */
  nameInFile?: (name: string) => string;
  /** Number of heads of a matrix whose rows the file keeps in interleaved order; undefined for all others. */
  interleavedHeads?: (name: string) => number | undefined;
}

/** Elements that are read, converted and written at a time (16 MB as float32), however large the tensor. */
const CHUNK_ELEMENTS = 1 << 22;

/** Tensors by their Hugging Face names, as float32 or quantized, whatever file they lie in; matrices come in runs of rows. */
export class Checkpoint {
  private readonly appliedDeltas = new Set<string>();

  constructor(
    private readonly source: TensorSource,
    private readonly names: CheckpointNames = {},
    private readonly deltas: ReadonlyMap<string, MatrixDelta> = new Map(),
  ) {}

  /** The same tensors with adapters merged into them; closing either closes both. */
  merged(deltas: ReadonlyMap<string, MatrixDelta>): Checkpoint {
    return new Checkpoint(this.source, this.names, deltas);
  }

  /** Names of merged matrices that nobody has read: the model has no use for them. */
  get unusedDeltas(): string[] {
    return [...this.deltas.keys()].filter((name) => !this.appliedDeltas.has(name));
  }

  has(name: string): boolean {
    return this.source.tensors.has(this.nameInFile(name));
  }

  /** Shape in the file; undefined when there is no such tensor. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.source.tensors.get(this.nameInFile(name))?.shape;
  }

  /** Element type of what will be read: that of the file, F32 where an adapter is merged in. */
  typeOf(name: string): DType | undefined {
    return this.deltas.has(name) ? 'F32' : this.source.tensors.get(this.nameInFile(name))?.dtype;
  }

  /** float32 values of a tensor that fits into memory. @throws LlamaCoreError `config_invalid` when missing or of another shape. */
  async float32(name: string, shape: readonly number[]): Promise<Float32Array> {
    this.info(name, shape);
    const values = new Float32Array(elementCount(shape));
    let at = 0;
    for await (const part of this.float32Rows(name, shape)) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  }

  /** float32 values in runs of whole rows, after multiplying out int8 rows (`<name>_scale`) and merging. @throws LlamaCoreError `config_invalid` when missing or of another shape. */
  async *float32Rows(name: string, shape: readonly number[]): AsyncGenerator<Float32Array> {
    const info = this.info(name, shape);
    const scales = info.dtype === 'I8' ? await this.float32(`${name}_scale`, [shape[0] ?? 0]) : undefined;
    for await (const raw of this.rawRows(name, info)) yield this.toFloat32(name, raw, scales);
    this.appliedDeltas.add(name);
  }

  /** A [rows, columns] matrix in blocks, in runs of whole rows. */
  async *quantizedRows(name: string, shape: readonly [number, number], layout: BlockLayout): AsyncGenerator<QuantizedMatrix> {
    const info = this.info(name, shape);
    const scales = info.dtype === 'I8' ? await this.float32(`${name}_scale`, [shape[0]]) : undefined;
    const asFloat = scales !== undefined || this.deltas.has(name);
    for await (const raw of this.rawRows(name, info)) yield asFloat ? quantizeRows(this.toFloat32(name, raw, scales), raw.rows, raw.columns, layout) : quantizeTensor(raw, layout);
    this.appliedDeltas.add(name);
  }

  /** The file's own bytes in runs of whole rows, in Hugging Face order. */
  async *bytesOf(name: string, shape: readonly number[]): AsyncGenerator<Uint8Array> {
    for await (const raw of this.rawRows(name, this.info(name, shape))) yield raw.bytes;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private nameInFile(name: string): string {
    return this.names.nameInFile?.(name) ?? name;
  }

  private info(name: string, shape: readonly number[]): TensorInfo {
    const info = this.source.tensors.get(this.nameInFile(name));
    if (!info) throw new LlamaCoreError('config_invalid', `The checkpoint lacks the tensor ${name}.`, { param: name });
    if (info.shape.join() !== shape.join()) throw new LlamaCoreError('config_invalid', `${name}: the config asks for shape [${shape.join(', ')}], the file has [${info.shape.join(', ')}].`, { param: name });
    return info;
  }

  private async *rawRows(name: string, info: TensorInfo): AsyncGenerator<RawMatrix & { firstRow: number }> {
    const columns = info.shape.at(-1) ?? 1;
    const rows = columns === 0 ? 0 : elementCount(info.shape) / columns;
    const heads = this.names.interleavedHeads?.(name);
    const unit = heads === undefined ? 1 : rows / heads;
    const run = Math.max(1, Math.floor(CHUNK_ELEMENTS / (columns * unit))) * unit;
    for (let firstRow = 0; firstRow < rows; firstRow += run) {
      const count = Math.min(run, rows - firstRow);
      const bytes = await this.source.read(info, bytesOf(info.dtype, firstRow * columns), bytesOf(info.dtype, count * columns));
      yield { dtype: info.dtype, bytes: heads === undefined ? bytes : deinterleave(bytes, count, unit), rows: count, columns, firstRow };
    }
  }

  private toFloat32(name: string, { dtype, bytes, columns, firstRow }: RawMatrix & { firstRow: number }, scales: Float32Array | undefined): Float32Array {
    const values = dequantize(dtype, bytes);
    if (scales) for (let i = 0; i < values.length; i++) values[i]! *= scales[firstRow + Math.floor(i / columns)]!;
    this.deltas.get(name)?.addTo(values, firstRow);
    return values;
  }
}

/** llama.cpp stores q and k rows as rotation pairs; Hugging Face keeps the first halves of all pairs, then the second ones. Whole rows move, so any element type will do. */
export function deinterleave(bytes: Uint8Array, rows: number, headRows: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const rowBytes = bytes.length / rows;
  for (let row = 0; row < rows; row++) {
    const within = row % headRows;
    const from = row - within + (within < headRows / 2 ? within * 2 : (within - headRows / 2) * 2 + 1);
    out.set(bytes.subarray(from * rowBytes, (from + 1) * rowBytes), row * rowBytes);
  }
  return out;
}

const GGUF_LAYER_NAMES: Record<string, string> = {
  'input_layernorm': 'attn_norm',
  'post_attention_layernorm': 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
/** Blocks of Llama 4 layers; a dense one has the GGUF names of a Llama 3 layer. */
const GGUF_LLAMA4_NAMES: Record<string, string> = {
  'feed_forward.gate_proj': 'ffn_gate',
  'feed_forward.up_proj': 'ffn_up',
  'feed_forward.down_proj': 'ffn_down',
  'feed_forward.router': 'ffn_gate_inp',
  'feed_forward.shared_expert.gate_proj': 'ffn_gate_shexp',
  'feed_forward.shared_expert.up_proj': 'ffn_up_shexp',
  'feed_forward.shared_expert.down_proj': 'ffn_down_shexp',
};
const GGUF_NAMES: Record<string, string> = { 'model.embed_tokens.weight': 'token_embd.weight', 'model.norm.weight': 'output_norm.weight', 'lm_head.weight': 'output.weight' };

/** Hugging Face name → GGUF name. */
export function ggufName(name: string): string {
  const layer = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name);
  const inner = layer && (GGUF_LAYER_NAMES[layer[2]!] ?? GGUF_LLAMA4_NAMES[layer[2]!] ?? layer[2]!.replace(/^feed_forward\.experts\.(\d+)\.(gate|up|down)_proj$/, 'ffn_$2.$1'));
  return inner ? `blk.${layer[1]}.${inner}.weight` : (GGUF_NAMES[name] ?? name);
}

const HUGGING_FACE_NAMES = new Map(Object.entries(GGUF_NAMES).map(([name, gguf]) => [gguf, name]));
const HUGGING_FACE_LAYER_NAMES = new Map(Object.entries(GGUF_LAYER_NAMES).map(([name, gguf]) => [gguf, name]));

/** GGUF name → Hugging Face name; undefined for one that is no matrix of a decoder. */
export function huggingFaceName(name: string): string | undefined {
  const layer = /^blk\.(\d+)\.(.+)\.weight$/.exec(name);
  const inner = layer && HUGGING_FACE_LAYER_NAMES.get(layer[2]!);
  return inner ? `model.layers.${layer[1]}.${inner}.weight` : HUGGING_FACE_NAMES.get(name);
}

/** A GGUF file of the architectures `llama` and `llama4` with its metadata. */
export async function openGgufCheckpoint(path: string, headsOf: (metadata: ReadonlyMap<string, unknown>) => { heads: number; kvHeads: number; llama4?: unknown }) {
  const file = await openGguf(path);
  try {
    const { heads, kvHeads, llama4 } = headsOf(file.metadata);
    const bias = [...file.tensors.keys()].find((name) => /\.attn_(q|k|v|output)\.bias$/.test(name));
    if (bias !== undefined) throw new LlamaCoreError('unsupported_architecture', `${bias}: biases in attention are not supported.`, { param: bias });
    // Llama 4 rotates neighbouring pairs wherever it is stored, so its rows stay in place.
    const headsIn = (name: string) => (name.endsWith('q_proj.weight') ? heads : name.endsWith('k_proj.weight') ? kvHeads : undefined);
    return { file, checkpoint: new Checkpoint(unstackExperts(file), { nameInFile: ggufName, ...(llama4 === undefined ? { interleavedHeads: headsIn } : {}) }) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The safetensors of a model folder; the language part of a multimodal one is found by the prefix of its tensors. */
export async function openFolderCheckpoint(folder: string): Promise<Checkpoint> {
  const source = unstackExperts(await openSafetensors(folder));
  const embedding = 'model.embed_tokens.weight';
  const prefix = [...source.tensors.keys()].find((name) => name.endsWith(embedding))?.slice(0, -embedding.length) ?? '';
  const numbers = selfAttentionLayers(source.tensors, prefix);
  return new Checkpoint(source, { nameInFile: (name) => prefix + name.replace(/^model\.layers\.(\d+)\./, (_, layer: string) => `model.layers.${numbers[Number(layer)] ?? layer}.`) });
}

/** Numbers of the layers with self-attention, in order: Llama 3.2 Vision counts its cross-attention layers too, which a text does not pass through. */
function selfAttentionLayers(tensors: ReadonlyMap<string, unknown>, prefix: string): number[] {
  const layer = /^model\.layers\.(\d+)\.self_attn\.q_proj\.weight$/;
  return [...tensors.keys()].flatMap((name) => (name.startsWith(prefix) ? (layer.exec(name.slice(prefix.length))?.[1] ?? []) : [])).map(Number).sort((a, b) => a - b);
}
