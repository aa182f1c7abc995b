import { describe, expect, it } from 'vitest';
import type { DecoderConfig } from './decoder-config.js';
import { decoderConfigFromGguf } from './gguf-config.js';
import { configFromJson } from './read-config.js';

const LLAMA = { architectures: ['LlamaForCausalLM'], vocab_size: 96, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4 };
const LLAMA4 = { architectures: ['Llama4ForCausalLM'], vocab_size: 96, hidden_size: 64, num_hidden_layers: 8, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 16, num_local_experts: 4 };
const DEBERTA = {
  architectures: ['DebertaV2ForSequenceClassification'], vocab_size: 96, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4, relative_attention: true,
  position_biased_input: false, pos_att_type: 'p2c|c2p', share_att_key: true, position_buckets: 256, type_vocab_size: 0,
};
const decoder = (json: object): DecoderConfig => configFromJson(json) as DecoderConfig;
const traits = (json: object) => decoder({ ...LLAMA4, ...json }).llama4!;

describe('configFromJson, Llama', () => {
  it('reads RoPE in the old and the new spelling alike', () => {
    const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    const old = decoder({ ...LLAMA, rope_theta: 500_000, rope_scaling: { type: 'llama3', ...scaling } });
    expect(decoder({ ...LLAMA, rope_parameters: { rope_type: 'llama3', rope_theta: 500_000, ...scaling } })).toEqual(old);
    expect(old).toMatchObject({ ropeTheta: 500_000, ropeScaling: { type: 'llama3', factor: 8 } });
  });

  it('knows the oldest name of the architecture', () => {
    expect(decoder({ ...LLAMA, architectures: ['LLaMAForCausalLM'] })).toEqual(decoder(LLAMA));
  });

  it.each<[string, object, string]>([
    ['biases in attention', { attention_bias: true }, 'attention_bias'],
    ['biases in the feed-forward block', { mlp_bias: true }, 'mlp_bias'],
    ['another activation', { hidden_act: 'gelu' }, 'hidden_act'],
    ['heads rotated in part', { partial_rotary_factor: 0.5 }, 'partial_rotary_factor'],
    ['weights of another quantizer', { quantization_config: { quant_method: 'bitsandbytes' } }, 'quantization_config'],
    ['YaRN', { rope_scaling: { type: 'yarn', factor: 4 } }, 'rope_scaling'],
    ['an architecture that the prototype knows', { architectures: ['constructor'] }, 'architectures'],
  ])('refuses %s by name', (_what, change, param) => {
    expect(() => configFromJson({ ...LLAMA, ...change })).toThrowError(expect.objectContaining({ code: 'unsupported_architecture', param }));
  });
});

describe('configFromJson, BERT', () => {
  const BERT = { architectures: ['BertForSequenceClassification'], vocab_size: 96, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4, id2label: { 0: 'harm', 1: 'hate', 2: 'theft' } };

  it('reads a label that is the union of others', () => {
    expect(configFromJson({ ...BERT, label_unions: { harm: ['theft', 'hate'] } })).toMatchObject({ unionOf: [2, 1] });
    expect(configFromJson(BERT)).toMatchObject({ unionOf: [] });
  });

  it.each([{ hate: ['theft'] }, { harm: [] }, { harm: ['fraud'] }, { harm: ['harm'] }])('refuses a union that is not one of the first label: %j', (label_unions) => {
    expect(() => configFromJson({ ...BERT, label_unions })).toThrowError(expect.objectContaining({ code: 'config_invalid', param: 'label_unions' }));
  });

  it('reads which channels are outlying, where that is known', () => {
    expect(configFromJson({ ...BERT, outlying_channels: [5, 63] })).toMatchObject({ outlyingChannels: [5, 63] });
    expect(configFromJson(BERT)).not.toHaveProperty('outlyingChannels');
  });

  it.each([[64], [3, 3], [-1], [1.5], ['3'], 3].map((channels) => [channels]))('refuses outlying channels that are none of its own: %j', (outlying_channels) => {
    expect(() => configFromJson({ ...BERT, outlying_channels })).toThrowError(expect.objectContaining({ code: 'config_invalid', param: 'outlying_channels' }));
  });
});

describe('configFromJson, Llama 4', () => {
  it('reads the text part of a multimodal config like a text config', () => {
    const { architectures: _, ...text_config } = LLAMA4;
    expect(decoder({ architectures: ['Llama4ForConditionalGeneration'], text_config })).toEqual(decoder(LLAMA4));
  });

  it('has every fourth layer without rotation and experts everywhere, unless told otherwise', () => {
    expect(traits({}).layers.map((layer) => [layer.rope, layer.chunked, layer.experts])).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i % 4 !== 3, i % 4 !== 3, true]));
    expect(traits({ no_rope_layers: [] }).layers).toEqual(traits({}).layers);
    expect(traits({ interleave_moe_layer_step: 2 }).layers.map((layer) => layer.experts)).toEqual([false, true, false, true, false, true, false, true]);
    expect(traits({})).toMatchObject({ chunkTokens: 8192, qkNorm: true, temperature: { floorTokens: 8192, scale: 0.1 }, experts: { count: 4, perToken: 1, intermediateSize: 8192 } });
  });

  it('reads Llama Guard 4: dense, every layer rotated, no chunks', () => {
    const guard = traits({ num_local_experts: 0, moe_layers: [], interleave_moe_layer_step: 0, no_rope_layer_interval: 80, attention_chunk_size: null });
    expect(guard.layers.every((layer) => layer.rope && !layer.experts)).toBe(true);
    expect([guard.chunkTokens, guard.experts]).toEqual([undefined, undefined]);
  });

  it('takes layer lists before intervals, and numbers for switches', () => {
    const listed = traits({ no_rope_layers: [1, 0, 1, 1, 1, 1, 1, 1], moe_layers: [0], layer_types: Array.from({ length: 8 }, (_, i) => (i === 0 ? 'chunked_attention' : 'full_attention')) });
    expect(listed.layers.slice(0, 3)).toEqual([{ rope: true, chunked: true, experts: true }, { rope: false, chunked: false, experts: false }, { rope: true, chunked: false, experts: false }]);
    expect([4, 0, true, false].map((value) => traits({ attn_temperature_tuning: value }).temperature !== undefined)).toEqual([true, false, true, false]);
  });

  it.each<[string, object, string, string]>([
    ['experts in layers but none to choose from', { num_local_experts: 0 }, 'config_invalid', 'num_local_experts'],
    ['more choices than experts', { num_experts_per_tok: 9 }, 'config_invalid', 'num_experts_per_tok'],
    ['a layer list that is too short', { no_rope_layers: [1] }, 'config_invalid', 'no_rope_layers'],
    ['another kind of attention', { layer_types: Array.from({ length: 8 }, () => 'sliding_attention') }, 'unsupported_architecture', 'layer_types'],
    ['biases', { attention_bias: true }, 'unsupported_architecture', 'attention_bias'],
  ])('refuses %s', (_what, change, code, param) => {
    expect(() => traits(change)).toThrowError(expect.objectContaining({ code, param }));
  });
});

describe('configFromJson, DeBERTa', () => {
  it('reads Prompt Guard', () => {
    expect(configFromJson(DEBERTA)).toMatchObject({
      family: 'deberta', maxTokens: 512, labels: ['LABEL_0', 'LABEL_1'], relative: { maxDistance: 512, buckets: 256, span: 256, kinds: { c2p: true, p2c: true }, sharedKey: true, normalised: false },
    });
  });

  it.each<[string, object, string]>([
    ['absolute positions', { position_biased_input: true }, 'position_biased_input'],
    ['no relative attention', { relative_attention: false }, 'relative_attention'],
    ['segments', { type_vocab_size: 2 }, 'type_vocab_size'],
    ['a convolution', { conv_kernel_size: 3 }, 'conv_kernel_size'],
    ['a narrower embedding', { embedding_size: 32 }, 'embedding_size'],
    ['position to position', { pos_att_type: ['p2p'] }, 'pos_att_type'],
    ['another activation', { hidden_act: 'relu' }, 'hidden_act'],
    ['another activation of the pooler', { pooler_hidden_act: 'tanh' }, 'pooler_hidden_act'],
  ])('refuses %s by name', (_what, change, param) => {
    expect(() => configFromJson({ ...DEBERTA, ...change })).toThrowError(expect.objectContaining({ code: 'unsupported_architecture', param }));
  });
});

describe('decoderConfigFromGguf', () => {
  const metadata = (architecture: string, more: Record<string, unknown>) =>
    new Map<string, unknown>(Object.entries({ 'general.architecture': architecture, ...Object.fromEntries(Object.entries({ embedding_length: 64, 'attention.head_count': 4, block_count: 4, feed_forward_length: 128, vocab_size: 96, ...more }).map(([key, value]) => [`${architecture}.${key}`, value])) }));
  const llama4 = (more: Record<string, unknown>) => decoderConfigFromGguf(metadata('llama4', { expert_count: 16, expert_used_count: 1, expert_feed_forward_length: 32, interleave_moe_layer_step: 1, ...more }), true).llama4!;

  it('reads the float32 epsilon as the number that was meant', () => {
    const epsilonOf = (value: number) => decoderConfigFromGguf(metadata('llama', { 'attention.layer_norm_rms_epsilon': Math.fround(value) }), true).normEpsilon;
    expect([1e-5, 1e-6, 0.00125].map(epsilonOf)).toEqual([1e-5, 1e-6, 0.00125]);
    // Nine digits are needed to tell this one from its neighbours.
    expect(epsilonOf(1 + 2 ** -23)).toBe(1 + 2 ** -23);
  });

  it('gives Llama 4 what llama.cpp fixes in code', () => {
    expect(llama4({})).toMatchObject({ chunkTokens: 8192, qkNorm: true, temperature: { floorTokens: 8192, scale: 0.1 }, experts: { count: 16, perToken: 1, intermediateSize: 32 } });
    expect(llama4({}).layers.map((layer) => layer.rope)).toEqual([true, true, true, false]);
    expect(llama4({ expert_count: 128 }).qkNorm).toBe(false);
  });

  it('rotates and sees everything where the window is 0', () => {
    const dense = llama4({ 'attention.sliding_window': 0, expert_count: 0, interleave_moe_layer_step: 0 });
    expect(dense.layers.every((layer) => layer.rope && !layer.chunked && !layer.experts)).toBe(true);
    expect([dense.chunkTokens, dense.temperature, dense.experts]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['other architectures', 'qwen2', {}, 'general.architecture'],
    ['experts of Mixtral', 'llama', { expert_count: 8 }, 'llama.expert_count'],
    ['YaRN', 'llama', { 'rope.scaling.type': 'yarn' }, 'llama.rope.scaling.type'],
    ['heads rotated in part', 'llama', { 'attention.key_length': 16, 'rope.dimension_count': 8 }, 'llama.rope.dimension_count'],
  ])('refuses %s by name', (_what, architecture, more, param) => {
    expect(() => decoderConfigFromGguf(metadata(architecture, more), true)).toThrowError(expect.objectContaining({ code: 'unsupported_architecture', param }));
  });
});
