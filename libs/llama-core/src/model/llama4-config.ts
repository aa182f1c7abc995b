import { LlamaCoreError } from '../errors.js';
import { checked, type DecoderConfig, refuseUnsupported } from './decoder-config.js';
import type { JsonFields } from './json-fields.js';
import { checkedTraits, type Llama4Layer, type Llama4Traits } from './llama4-traits.js';
import { ropeScalingFromJson } from './rope.js';

/**
 * Reads the config.json of a Llama4ForCausalLM, or the text part (`text_config`) of a Llama4ForConditionalGeneration: Scout, Maverick, Llama Guard 4.
 * Absent fields have the defaults of transformers' Llama4TextConfig.
 */
export function llama4ConfigFromJson(top: JsonFields): DecoderConfig {
  const config = top.object('text_config') ?? top;
  refuseUnsupported(config);
  const rope = config.object('rope_parameters') ?? config.object('rope_scaling');
  const layers = config.count('num_hidden_layers', 48);
  const heads = config.count('num_attention_heads', 40);
  return checked({
    kind: 'decoder',
    vocabSize: config.count('vocab_size', 202_048),
    hiddenSize: config.count('hidden_size', 5120),
    intermediateSize: config.count('intermediate_size_mlp', 16_384),
    layers,
    heads,
    kvHeads: config.count('num_key_value_heads', 8),
    headDim: config.count('head_dim', 128),
    contextTokens: config.count('max_position_embeddings', 131_072),
    normEpsilon: config.number('rms_norm_eps', 1e-5),
    tiedEmbeddings: config.flag('tie_word_embeddings') || (config !== top && top.flag('tie_word_embeddings')),
    ropeTheta: rope?.has('rope_theta') ? rope.number('rope_theta') : config.number('rope_theta', 500_000),
    ...ropeScalingFromJson(rope),
    eosTokenIds: config.numbers('eos_token_id'),
    ...(config.has('bos_token_id') ? { bosTokenId: config.number('bos_token_id') } : {}),
    llama4: checkedTraits(traitsOf(config, layers)),
  });
}

function traitsOf(config: JsonFields, layers: number): Llama4Traits {
  const chunk = config.has('attention_chunk_size') ? config.count('attention_chunk_size') : config.isNull('attention_chunk_size') ? undefined : 8192;
  const count = config.natural('num_local_experts', 16);
  return {
    layers: layersOf(config, layers),
    ...(chunk === undefined ? {} : { chunkTokens: chunk }),
    qkNorm: config.onByDefault('use_qk_norm'),
    ...(config.onByDefault('attn_temperature_tuning') ? { temperature: { floorTokens: config.count('floor_scale', 8192), scale: config.number('attn_scale', 0.1) } } : {}),
    ...(count === 0 ? {} : { experts: { count, perToken: config.count('num_experts_per_tok', 1), intermediateSize: config.count('intermediate_size', 8192) } }),
  };
}

/** The lists that name layers one by one win over the intervals; an empty `no_rope_layers` counts as absent, an empty `moe_layers` does not. */
function layersOf(config: JsonFields, count: number): Llama4Layer[] {
  const interval = config.count('no_rope_layer_interval', 4);
  const ropeList = config.numbers('no_rope_layers');
  const types = config.texts('layer_types');
  for (const [param, list] of Object.entries({ no_rope_layers: ropeList, layer_types: types }))
    if (list.length > 0 && list.length < count) throw new LlamaCoreError('config_invalid', `${param}: expected ${count} entries, got ${list.length}.`, { param });
  const unknown = types.find((type) => type !== 'chunked_attention' && type !== 'full_attention');
  if (unknown !== undefined) throw new LlamaCoreError('unsupported_architecture', `layer_types: '${unknown}' is not supported; 'chunked_attention' and 'full_attention' are.`, { param: 'layer_types' });
  const step = config.natural('interleave_moe_layer_step', 1);
  const moeList = config.has('moe_layers') ? new Set(config.numbers('moe_layers')) : undefined;
  return Array.from({ length: count }, (_, i) => {
    const rope = ropeList.length > 0 ? ropeList[i] !== 0 : (i + 1) % interval !== 0;
    return { rope, chunked: types.length > 0 ? types[i] === 'chunked_attention' : rope, experts: moeList ? moeList.has(i) : step > 0 && (i + 1) % step === 0 };
  });
}
