import { stat } from 'node:fs/promises';
import { LlamaCoreError } from '../errors.js';
import { decoderConfigFromGguf } from '../model/gguf-config.js';
import { type ModelConfig, readModelConfig } from '../model/read-config.js';
import { type LoadedTokenizer, loadFolderTokenizer, loadGgufTokenizer } from '../tokenizer/load-tokenizer.js';
import { openGguf } from '../weights/gguf.js';
import { openSafetensors } from '../weights/safetensors.js';
import { elementCount, type TensorInfo } from '../weights/tensor-source.js';

/** What a model's files say. */
export interface ModelReport {
  path: string;
  format: 'gguf' | 'safetensors';
  config: ModelConfig;
  /** In the file's order; shapes row-major. */
  tensors: Array<{ name: string; dtype: string; shape: readonly number[]; bytes: number }>;
  /** By element type. */
  types: Record<string, { count: number; bytes: number }>;
  /** Elements of all tensors. */
  parameters: number;
  /** All tensors, in bytes, as they lie in the file. */
  weightBytes: number;
  /** Keys and values of one token in float32, in bytes; 0 for a classifier. */
  kvBytesPerToken: number;
  /** Longest sequence, in tokens. */
  contextTokens: number;
  tokenizer?: { vocabularySize: number; controlTokens: number; eosToken?: string; template?: string };
  /** Why there is no tokenizer. */
  tokenizerProblem?: string;
}

/** Reads headers only; no weight is loaded. @throws LlamaCoreError what opening throws. */
export async function inspectModel(path: string): Promise<ModelReport> {
  const info = await stat(path).catch((cause) => Promise.reject(new LlamaCoreError('model_not_found', `There is no model at ${path}.`, { param: path, cause })));
  return info.isDirectory() ? inspectFolder(path) : inspectFile(path);
}

async function inspectFolder(path: string): Promise<ModelReport> {
  const config = await readModelConfig(path);
  const source = await openSafetensors(path);
  await source.close();
  return report({ path, format: 'safetensors', config }, source.tensors, () => loadFolderTokenizer(path));
}

async function inspectFile(path: string): Promise<ModelReport> {
  const file = await openGguf(path);
  await file.close();
  const config = decoderConfigFromGguf(file.metadata, file.tensors.has('output.weight'));
  return report({ path, format: 'gguf', config }, file.tensors, () => loadGgufTokenizer(file.metadata));
}

async function report(head: Pick<ModelReport, 'path' | 'format' | 'config'>, infos: ReadonlyMap<string, TensorInfo>, load: () => Promise<LoadedTokenizer>): Promise<ModelReport> {
  const tensors = [...infos.values()].map(({ name, dtype, shape, byteLength }) => ({ name, dtype, shape, bytes: byteLength }));
  const { config } = head;
  return {
    ...head,
    tensors,
    types: byType(tensors),
    parameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    weightBytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    kvBytesPerToken: config.kind === 'decoder' ? 2 * config.layers * config.kvHeads * config.headDim * 4 : 0,
    contextTokens: config.kind === 'decoder' ? config.contextTokens : config.maxTokens,
    ...(await tokenizerReport(load)),
  };
}

function byType(tensors: ModelReport['tensors']): ModelReport['types'] {
  const types: ModelReport['types'] = {};
  for (const { dtype, bytes } of tensors) {
    const { count, bytes: before } = types[dtype] ?? { count: 0, bytes: 0 };
    types[dtype] = { count: count + 1, bytes: before + bytes };
  }
  return types;
}

/** A model without a usable tokenizer can still be looked at. */
async function tokenizerReport(load: () => Promise<LoadedTokenizer>): Promise<Pick<ModelReport, 'tokenizer' | 'tokenizerProblem'>> {
  try {
    const { tokenizer, template } = await load();
    const { vocabularySize, names } = tokenizer;
    const controlTokens = Array.from({ length: vocabularySize }, (_, id) => id).filter((id) => tokenizer.isSpecial(id)).length;
    return { tokenizer: { vocabularySize, controlTokens, ...(names.eosToken === undefined ? {} : { eosToken: names.eosToken }), ...(template === undefined ? {} : { template }) } };
  } catch (error) {
    if (error instanceof LlamaCoreError) return { tokenizerProblem: error.message };
    throw error;
  }
}
