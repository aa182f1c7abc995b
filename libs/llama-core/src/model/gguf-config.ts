import { LlamaCoreError } from '../errors.js';
import { checked, type DecoderConfig } from './decoder-config.js';
import { JsonFields } from './json-fields.js';
import { checkedTraits, type Llama4Traits } from './llama4-traits.js';
import { type RopeScaling, unsupportedRope } from './rope.js';

/** Decoder shape from GGUF metadata of the architectures `llama` and `llama4`; `hasOutput` says whether the file holds a head of its own (otherwise it is tied). */
export function decoderConfigFromGguf(metadata: ReadonlyMap<string, unknown>, hasOutput: boolean): DecoderConfig {
  const fields = new JsonFields(Object.fromEntries(metadata));
  const architecture = fields.text('general.architecture') ?? '(none named)';
  if (architecture !== 'llama' && architecture !== 'llama4') throw unsupported('general.architecture', `GGUF architecture '${architecture}' is not supported; 'llama' and 'llama4' are.`);
  const key = (name: string) => `${architecture}.${name}`;
  // Mixtral calls itself llama too, but routes differently.
  if (architecture === 'llama' && fields.natural(key('expert_count'), 0) > 0) throw unsupported(key('expert_count'), `Experts in a 'llama' file are not supported; those of 'llama4' are.`);
  const hiddenSize = fields.count(key('embedding_length'));
  const heads = fields.count(key('attention.head_count'));
  const layers = fields.count(key('block_count'));
  const tokens = metadata.get('tokenizer.ggml.tokens');
  return checked({
    kind: 'decoder',
    vocabSize: Array.isArray(tokens) ? tokens.length : fields.count(key('vocab_size')),
    hiddenSize,
    intermediateSize: fields.count(key('feed_forward_length')),
    layers,
    heads,
    kvHeads: fields.count(key('attention.head_count_kv'), heads),
    headDim: headDimOf(fields, key, hiddenSize / heads),
    contextTokens: fields.count(key('context_length'), 2048),
    normEpsilon: shortest(fields.number(key('attention.layer_norm_rms_epsilon'), 1e-5)),
    tiedEmbeddings: !hasOutput,
    ropeTheta: fields.number(key('rope.freq_base'), 10_000),
    ...scalingOf(fields, key),
    eosTokenIds: ['eos', 'eot', 'eom'].map((kind) => metadata.get(`tokenizer.ggml.${kind}_token_id`)).filter((id) => typeof id === 'number'),
    ...(fields.has('tokenizer.ggml.bos_token_id') ? { bosTokenId: fields.number('tokenizer.ggml.bos_token_id') } : {}),
    ...(architecture === 'llama4' ? { llama4: checkedTraits(llama4Traits(fields, layers)) } : {}),
  });
}

/** A float32 as a person wrote it: 1e-5 for 0.000009999999747378752. A value that seven digits do not give back stays as it is. */
const shortest = (value: number): number => {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
};

const unsupported = (param: string, message: string) => new LlamaCoreError('unsupported_architecture', message, { param });

/** Heads are rotated as a whole, and keys are as long as values. */
function headDimOf(fields: JsonFields, key: (name: string) => string, fallback: number): number {
  const headDim = fields.count(key('attention.key_length'), fields.has(key('rope.dimension_count')) ? fields.count(key('rope.dimension_count')) : fallback);
  for (const other of ['rope.dimension_count', 'attention.value_length'])
    if (fields.count(key(other), headDim) !== headDim) throw unsupported(key(other), `${key(other)} differs from the head size: ${fields.count(key(other))} and ${headDim}.`);
  return headDim;
}

/** Llama 3.1's scaling is no metadata but the tensor `rope_freqs.weight`. */
function scalingOf(fields: JsonFields, key: (name: string) => string): { ropeScaling?: RopeScaling } {
  const type = fields.text(key('rope.scaling.type')) ?? 'none';
  if (type === 'linear') return { ropeScaling: { type, factor: fields.number(key('rope.scaling.factor')) } };
  if (type !== 'none') throw unsupportedRope(type, key('rope.scaling.type'));
  return {};
}

/**
 * What the file leaves out is what llama.cpp's `llama4` fixes in code: every fourth layer without rotation and with full attention, chunks and temperature steps of
 * 8,192 tokens, normalised queries and keys unless there are 128 experts (Maverick). A window of 0 means that all layers rotate and see everything (MobileLLM-R1).
 */
function llama4Traits(fields: JsonFields, layers: number): Llama4Traits {
  const window = fields.natural('llama4.attention.sliding_window', 8192);
  const count = fields.natural('llama4.expert_count', 0);
  const step = fields.natural('llama4.interleave_moe_layer_step', 0);
  const experts = count === 0 ? {} : { experts: { count, perToken: fields.count('llama4.expert_used_count', 1), intermediateSize: fields.count('llama4.expert_feed_forward_length') } };
  return {
    layers: Array.from({ length: layers }, (_, i) => {
      const rope = window === 0 || (i + 1) % 4 !== 0;
      return { rope, chunked: window > 0 && rope, experts: count > 0 && step > 0 && (i + 1) % step === 0 };
    }),
    ...(window === 0 ? {} : { chunkTokens: window }),
    qkNorm: count !== 128,
    ...(window === 0 ? {} : { temperature: { floorTokens: fields.count('llama4.attention.temperature_length', 8192), scale: fields.number('llama4.attention.temperature_scale', 0.1) } }),
    ...experts,
  };
}
