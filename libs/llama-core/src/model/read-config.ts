import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { readJsonObject } from '../json-file.js';
import { type DecoderConfig, decoderConfigFromJson, mllamaTextConfigFromJson } from './decoder-config.js';
import { bertConfigFromJson, debertaConfigFromJson, type EncoderConfig } from './encoder-config.js';
import { isObject, JsonFields } from './json-fields.js';
import { llama4ConfigFromJson } from './llama4-config.js';

export type ModelConfig = DecoderConfig | EncoderConfig;

const READERS: Record<string, (config: JsonFields) => ModelConfig> = {
  LlamaForCausalLM: decoderConfigFromJson,
  // Early conversions of Llama 1 spell it so.
  LLaMAForCausalLM: decoderConfigFromJson,
  MllamaForConditionalGeneration: mllamaTextConfigFromJson,
  Llama4ForCausalLM: llama4ConfigFromJson,
  Llama4ForConditionalGeneration: llama4ConfigFromJson,
  BertForSequenceClassification: bertConfigFromJson,
  DebertaV2ForSequenceClassification: debertaConfigFromJson,
};

/**
 * Reads config.json of a Hugging Face model folder.
 * @throws LlamaCoreError `model_not_found`, `config_invalid`, `unsupported_architecture`.
 */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  return configFromJson(await readJsonObject(join(folder, 'config.json'), 'config_invalid'));
}

/** Shape from the parsed text of a config.json. @throws LlamaCoreError `config_invalid`, `unsupported_architecture`. */
export function configFromJson(json: unknown): ModelConfig {
  const architectures = isObject(json) && Array.isArray(json['architectures']) ? json['architectures'] : [];
  const reader = architectures.map((name) => (Object.hasOwn(READERS, String(name)) ? READERS[String(name)] : undefined)).find((found) => found !== undefined);
  if (!reader || !isObject(json)) throw new LlamaCoreError('unsupported_architecture', `Architecture ${architectures.join(', ') || '(none named)'} is not supported; ${Object.keys(READERS).join(', ')} are.`, { param: 'architectures' });
  return reader(new JsonFields(json));
}
