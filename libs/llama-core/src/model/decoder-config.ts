import { LlamaCoreError } from '../errors.js';
import type { JsonFields } from './json-fields.js';
import type { Llama4Traits } from './llama4-traits.js';
import { type RopeScaling, ropeScalingFromJson } from './rope.js';

/** Shape of a Llama decoder, whatever file it came from. */
export interface DecoderConfig {
  kind: 'decoder';
  vocabSize: number;
  /** Rows of the embedding table, where it has some that no logit stands for (Llama 3.2 Vision's image token). */
  embeddingRows?: number;
  hiddenSize: number;
  /** Width of the feed-forward block (of the dense layers in Llama 4). */
  intermediateSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  contextTokens: number;
  normEpsilon: number;
  tiedEmbeddings: boolean;
  ropeTheta: number;
  ropeScaling?: RopeScaling;
  eosTokenIds: number[];
  bosTokenId?: number;
  /** Only in Llama 4. */
  llama4?: Llama4Traits;
}

/** Reads the config.json of a LlamaForCausalLM, with RoPE in the old (`rope_theta`, `rope_scaling`) or the new spelling (`rope_parameters`). */
export function decoderConfigFromJson(config: JsonFields): DecoderConfig {
  const hiddenSize = config.count('hidden_size');
  const heads = config.count('num_attention_heads');
  refuseUnsupported(config);
  const rope = config.object('rope_parameters') ?? config.object('rope_scaling');
  return checked({
    kind: 'decoder',
    vocabSize: config.count('vocab_size'),
    hiddenSize,
    intermediateSize: config.count('intermediate_size'),
    layers: config.count('num_hidden_layers'),
    heads,
    kvHeads: config.count('num_key_value_heads', heads),
    headDim: config.count('head_dim', hiddenSize / heads),
    contextTokens: config.count('max_position_embeddings', 2048),
    normEpsilon: config.number('rms_norm_eps', 1e-6),
    tiedEmbeddings: config.flag('tie_word_embeddings'),
    ropeTheta: rope?.has('rope_theta') ? rope.number('rope_theta') : config.number('rope_theta', 10_000),
    ...ropeScalingFromJson(rope),
    eosTokenIds: config.numbers('eos_token_id'),
    ...(config.has('bos_token_id') ? { bosTokenId: config.number('bos_token_id') } : {}),
  });
}

/**
 * Reads the text path of a MllamaForConditionalGeneration (Llama 3.2 Vision, Llama Guard 3 11B). Its cross-attention layers do nothing until there is an image, so the decoder is
 * made of the others alone; the embedding table has eight rows for image tokens.
 */
export function mllamaTextConfigFromJson(top: JsonFields): DecoderConfig {
  const text = top.object('text_config') ?? top;
  const config = decoderConfigFromJson(text);
  const layers = config.layers - text.numbers('cross_attention_layers').length;
  if (layers < 1) throw new LlamaCoreError('config_invalid', `Of ${config.layers} layers ${layers} are left without cross-attention.`, { param: 'cross_attention_layers' });
  return { ...config, layers, embeddingRows: config.vocabSize + 8 };
}

/** Settings that would change the outputs and that no graph of ours has. */
export function refuseUnsupported(config: JsonFields): void {
  const refuse = (param: string, message: string) => new LlamaCoreError('unsupported_architecture', message, { param });
  for (const bias of ['attention_bias', 'mlp_bias']) if (config.flag(bias)) throw refuse(bias, `${bias} is not supported.`);
  const activation = config.text('hidden_act') ?? 'silu';
  if (activation !== 'silu') throw refuse('hidden_act', `hidden_act '${activation}' is not supported; 'silu' is.`);
  const quantized = config.object('quantization_config');
  if (quantized) throw refuse('quantization_config', `Weights quantized by ${quantized.text('quant_method') ?? 'another program'} are not read; take the original checkpoint or a GGUF file.`);
  const rotated = config.number('partial_rotary_factor', 1);
  if (rotated !== 1) throw refuse('partial_rotary_factor', `partial_rotary_factor ${rotated} is not supported; heads are rotated as a whole.`);
}

/** Relations between fields that the graph relies on. */
export function checked(config: DecoderConfig): DecoderConfig {
  const fail = (param: string, message: string) => new LlamaCoreError('config_invalid', message, { param });
  if (config.heads % config.kvHeads !== 0) throw fail('num_key_value_heads', `${config.heads} heads cannot share ${config.kvHeads} key/value heads.`);
  if (config.headDim % 16 !== 0) throw fail('head_dim', `The head size must be a multiple of 16, got ${config.headDim}.`);
  return config;
}
