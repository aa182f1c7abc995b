import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { decoderConfigFromGguf } from '../model/gguf-config.js';
import { type ModelConfig, readModelConfig } from '../model/read-config.js';
import { contentHash } from './content-hash.js';
import { type Checkpoint, openFolderCheckpoint, openGgufCheckpoint } from '../weights/checkpoint.js';
import { weightFiles } from '../weights/safetensors.js';

/** A model on disk, opened: its shape, its tensors, and a hash of everything that decides its outputs. */
export interface ModelSource {
  config: ModelConfig;
  checkpoint: Checkpoint;
  /** sha256 (hex) over the weight files and config.json. */
  sha256: string;
  /** GGUF metadata; undefined for a folder. */
  metadata?: ReadonlyMap<string, unknown>;
}

/**
 * Opens a model folder (config.json and safetensors) or a GGUF file; hashes are remembered under `cacheRoot`.
 * @throws LlamaCoreError `model_not_found`, `config_invalid`, `gguf_invalid`, `safetensors_invalid`, `unsupported_architecture`, `unsupported_tensor_type`.
 */
export async function openModel(path: string, cacheRoot: string): Promise<ModelSource> {
  const info = await stat(path).catch((cause) => Promise.reject(new LlamaCoreError('model_not_found', `There is no model at ${path}.`, { param: path, cause })));
  return info.isDirectory() ? openFolder(path, cacheRoot) : openFile(path, cacheRoot);
}

async function openFolder(folder: string, cacheRoot: string): Promise<ModelSource> {
  const config = await readModelConfig(folder);
  const checkpoint = await openFolderCheckpoint(folder);
  return closingOnError(checkpoint, async () => {
    refuseOtherShapes(config, checkpoint);
    const files = ['config.json', ...(await weightFiles(folder))].sort();
    return { config, checkpoint, sha256: await contentHash(files.map((name) => join(folder, name)), cacheRoot) };
  });
}

async function openFile(path: string, cacheRoot: string): Promise<ModelSource> {
  const { file, checkpoint } = await openGgufCheckpoint(path, (metadata) => decoderConfigFromGguf(metadata, true));
  return closingOnError(checkpoint, async () => {
    const config = decoderConfigFromGguf(file.metadata, checkpoint.has('lm_head.weight'));
    refuseOtherShapes(config, checkpoint);
    return { config, checkpoint, metadata: file.metadata, sha256: await contentHash([path], cacheRoot) };
  });
}

/** Sizes that a graph multiplies before it reads a tensor must be those of the tensors: a config may claim anything. */
function refuseOtherShapes(config: ModelConfig, checkpoint: Checkpoint): void {
  if (config.kind === 'encoder') {
    if (config.hiddenSize % config.heads !== 0) throw new LlamaCoreError('config_invalid', `num_attention_heads: ${config.heads} heads cannot share ${config.hiddenSize} numbers.`, { param: 'num_attention_heads' });
    return;
  }
  const { vocabSize, embeddingRows = vocabSize, hiddenSize, heads, headDim } = config;
  const claims: Array<[name: string, shape: number[]]> = [['model.embed_tokens.weight', [embeddingRows, hiddenSize]], ['model.layers.0.self_attn.q_proj.weight', [heads * headDim, hiddenSize]]];
  for (const [name, shape] of claims) {
    const found = checkpoint.shapeOf(name);
    if (found && found.join() !== shape.join()) throw new LlamaCoreError('config_invalid', `${name}: the config asks for shape [${shape.join(', ')}], the file has [${found.join(', ')}].`, { param: name });
  }
}

async function closingOnError(checkpoint: Checkpoint, make: () => Promise<ModelSource>): Promise<ModelSource> {
  try {
    return await make();
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}
