import { stat } from 'node:fs/promises';
import { LlamaCoreError } from '../errors.js';
import { hasExactQkv } from '../graph/decoder-graph.js';
import { decoderConfigFromGguf } from '../model/gguf-config.js';
import { type AnnouncedModel, PUBLISHED_MODELS, publishedConfig, publishedModel } from '../model/published-models.js';
import { type ModelConfig, readModelConfig } from '../model/read-config.js';
import { type TensorGroup, tensorGroups } from '../model/tensor-groups.js';
import { exactBitsOf } from '../weights/exact-blocks.js';
import { openGguf } from '../weights/gguf.js';
import { openSafetensors } from '../weights/safetensors.js';
import type { DType } from '../weights/tensor-source.js';

export type Precision = 'float32' | 'float16' | 'int8' | 'int4';

/** What a model needs, from its shape alone. */
export interface ModelPlan {
  parameters: number;
  /** Parameters that one token goes through; fewer than all where experts are chosen. */
  activeParameters: number;
  /** Bytes of the weights: float32, int8 and int4 as this code holds them (a classifier's int8 a tenth less where the processor has dot products of 8 bits), float16 at two bytes a parameter as checkpoints are published. Activations come on top. */
  weightBytes: Record<Precision, number>;
  /** Keys and values (float32) of one token of context; 0 for a classifier. */
  kvBytesPerToken: number;
  /** Tokens planned for, and the most that the model was made for. */
  contextTokens: number;
  maxContextTokens: number;
  /** Keys and values of one sequence of that length. */
  kvBytes: number;
}

/** Elements that share one scale where the file has no blocks of its own, as `layoutOf` has it. */
const BLOCK_SIZE = 32;

/** Bytes of one weight in a block with its share of the float32 scale and, at 4 bits, of the zero point. */
const blockBytesPerWeight = (bits: 4 | 8): number => bits / 8 + (bits === 4 ? 4.5 : 4) / BLOCK_SIZE;

/** Plans a model folder or GGUF file from its headers alone; weights are not read, and a folder may lack them. @throws LlamaCoreError as opening it does. */
export async function planPath(path: string, contextTokens: number): Promise<ModelPlan> {
  const info = await stat(path).catch((cause) => Promise.reject(new LlamaCoreError('model_not_found', `There is no model at ${path}.`, { param: path, cause })));
  if (info.isDirectory()) return planModel(await readModelConfig(path), contextTokens, await folderTable(path));
  const file = await openGguf(path);
  await file.close();
  return planModel(decoderConfigFromGguf(file.metadata, file.tensors.has('output.weight')), contextTokens, file.tensors.get('token_embd.weight')?.dtype);
}

async function folderTable(path: string): Promise<DType | undefined> {
  const source = await openSafetensors(path).catch(() => undefined);
  await source?.close();
  return [...(source?.tensors.values() ?? [])].find(({ name }) => name.endsWith('model.embed_tokens.weight'))?.dtype;
}

/** Plans a published model from its shape, by id or `hf:` reference. @throws LlamaCoreError `model_not_found` naming the ids. */
export function planPublished(reference: string, contextTokens: number): ModelPlan {
  const model = publishedModel(reference);
  if (!model) throw new LlamaCoreError('model_not_found', `${reference} is neither a model on this machine nor one of the published shapes: ${PUBLISHED_MODELS.map(({ id }) => id).join(', ')}.`, { param: reference });
  return planModel(publishedConfig(model), contextTokens);
}

/** What can be said of a model whose shape is not known: every parameter taken as one of a matrix. */
export function planAnnounced({ parameters, activeParameters }: AnnouncedModel): Pick<ModelPlan, 'parameters' | 'activeParameters' | 'weightBytes'> {
  return { parameters, activeParameters, weightBytes: { float32: parameters * 4, float16: parameters * 2, int8: parameters * blockBytesPerWeight(8), int4: parameters * blockBytesPerWeight(4) } };
}

/** Plans for sequences of `contextTokens`, at most the model's own limit. `table` is the type in which the file has the embeddings; published checkpoints have bfloat16. */
export function planModel(config: ModelConfig, contextTokens: number, table: DType = 'BF16'): ModelPlan {
  const groups = tensorGroups(config);
  const parameters = total(groups, size);
  const maxContextTokens = config.kind === 'decoder' ? config.contextTokens : config.maxTokens;
  const context = Math.min(contextTokens, maxContextTokens);
  const kvBytesPerToken = config.kind === 'decoder' ? config.layers * 2 * config.kvHeads * config.headDim * 4 : 0;
  const held = (bits?: 4 | 8) => tableBytes(config, table, bits) + total(heldGroups(config, groups), (group) => (bits === undefined || group.kind === 'exact' ? size(group) * 4 : blockBytes(group, bits)));
  return {
    parameters,
    activeParameters: total(groups, (group) => (group.active ?? group.count) * group.rows * group.columns),
    weightBytes: { float32: held(), float16: parameters * 2, int8: held(8), int4: held(4) },
    kvBytesPerToken,
    contextTokens: context,
    maxContextTokens,
    kvBytes: kvBytesPerToken * context,
  };
}

const total = (groups: readonly TensorGroup[], of: (group: TensorGroup) => number): number => groups.reduce((sum, group) => sum + of(group), 0);
const size = (group: TensorGroup): number => group.count * group.rows * group.columns;

/** Blocks with their scales and, at 4 bits, zero points; the last block of a row is filled up. */
function blockBytes({ count, rows, columns }: TensorGroup, bits: 4 | 8, zeroPoints = bits === 4): number {
  const perRow = Math.ceil(columns / BLOCK_SIZE);
  return count * rows * (perRow * ((BLOCK_SIZE * bits) / 8 + 4) + (zeroPoints ? Math.ceil(perRow / 2) : 0));
}

/** A decoder's embeddings in the form that `EmbeddingTable` keeps, with the blocks of the head where it is tied to a table in another form. */
function tableBytes(config: ModelConfig, table: DType, bits: 4 | 8 | undefined): number {
  if (config.kind === 'encoder') return 0;
  const group: TensorGroup = { kind: 'matrix', part: 'embedding', count: 1, rows: config.embeddingRows ?? config.vocabSize, columns: config.hiddenSize };
  const exactBits = bits === undefined ? undefined : exactBitsOf(table);
  if (exactBits !== undefined && config.hiddenSize % BLOCK_SIZE === 0) return blockBytes(group, exactBits, false);
  const half = (table === 'BF16' || table === 'F16') && !(config.tiedEmbeddings && bits === undefined);
  const head = config.tiedEmbeddings && bits !== undefined ? blockBytes({ ...group, rows: config.vocabSize }, bits) : 0;
  return size(group) * (half ? 2 : 4) + head;
}

/** What a graph holds apart from a decoder's embeddings: small models keep their qkv projections in float32; DeBERTa has a distance table per layer and term, which the runtime computes from the weights. */
function heldGroups(config: ModelConfig, groups: TensorGroup[]): TensorGroup[] {
  if (config.kind === 'decoder') {
    const qkvRows = (config.heads + 2 * config.kvHeads) * config.headDim;
    const exact = Array.from({ length: config.layers }, (_, layer) => hasExactQkv(config, layer)).filter(Boolean).length;
    return groups.flatMap((group): TensorGroup[] => {
      if (group.part === 'embedding') return [];
      if (group.part !== 'attention' || group.rows !== qkvRows || exact === 0) return [group];
      return [{ ...group, kind: 'exact', count: exact }, { ...group, count: group.count - exact }];
    });
  }
  if (config.family === 'bert') return groups;
  const terms = Number(config.relative.kinds.c2p) + Number(config.relative.kinds.p2c);
  return [...groups, { kind: 'exact', part: 'attention', count: terms * config.layers, rows: 2 * config.relative.span, columns: config.hiddenSize }];
}
