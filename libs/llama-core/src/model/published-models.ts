import type { JsonObject } from './json-fields.js';
import { configFromJson, type ModelConfig } from './read-config.js';

/** A published model by its shape, for planning without its files. */
export interface PublishedModel {
  id: string;
  name: string;
  /** Hugging Face repository. */
  repo: string;
  /** The fields of its config.json that decide shape and memory. */
  config: JsonObject;
  /** What a reader of the figures should know. */
  note?: string;
}

/** A model that was announced but not published: its figures are the announcement's. */
export interface AnnouncedModel {
  id: string;
  name: string;
  parameters: number;
  activeParameters: number;
  note: string;
}

type Shape = [hidden: number, layers: number, heads: number, kvHeads: number, feedForward: number];

function llama(shape: Shape, vocabulary: number, context: number, more: JsonObject = {}): JsonObject {
  const [hidden_size, num_hidden_layers, num_attention_heads, num_key_value_heads, intermediate_size] = shape;
  return { architectures: ['LlamaForCausalLM'], hidden_size, num_hidden_layers, num_attention_heads, num_key_value_heads, intermediate_size, vocab_size: vocabulary, max_position_embeddings: context, ...more };
}

const llama3Rope = (factor: number): JsonObject => ({ rope_theta: 500_000, rope_scaling: { rope_type: 'llama3', factor, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } });

/** Llama 4's text part; the defaults of the reader are Scout's and Maverick's common shape. */
const llama4 = (text: JsonObject): JsonObject => ({ architectures: ['Llama4ForConditionalGeneration'], text_config: text });

function deberta(hidden: number, heads: number, vocabulary: number, labels: string[]): JsonObject {
  return {
    architectures: ['DebertaV2ForSequenceClassification'], hidden_size: hidden, num_hidden_layers: 12, num_attention_heads: heads, intermediate_size: 4 * hidden, vocab_size: vocabulary,
    max_position_embeddings: 512, position_buckets: 256, relative_attention: true, position_biased_input: false, pos_att_type: ['p2c', 'c2p'], share_att_key: true, norm_rel_ebd: 'layer_norm',
    type_vocab_size: 0, id2label: Object.fromEntries(labels.entries()),
  };
}

const L7: Shape = [4096, 32, 32, 32, 11_008];
const L13: Shape = [5120, 40, 40, 40, 13_824];
const L8: Shape = [4096, 32, 32, 8, 14_336];
const L70: Shape = [8192, 80, 64, 8, 28_672];
const L1: Shape = [2048, 16, 32, 8, 8192];
const theta = { rope_theta: 500_000 };
const [LONG, TIED] = [131_072, { tie_word_embeddings: true }];
const INFERRED = 'Its config.json was not seen; shape from its card, its base model and the parameter count.';

export const PUBLISHED_MODELS: readonly PublishedModel[] = [
  { id: 'llama-7b', name: 'Llama 1 7B', repo: 'huggyllama/llama-7b', config: llama(L7, 32_000, 2048) },
  { id: 'llama-13b', name: 'Llama 1 13B', repo: 'huggyllama/llama-13b', config: llama(L13, 32_000, 2048) },
  { id: 'llama-33b', name: 'Llama 1 33B', repo: 'huggyllama/llama-30b', config: llama([6656, 60, 52, 52, 17_920], 32_000, 2048) },
  { id: 'llama-65b', name: 'Llama 1 65B', repo: 'huggyllama/llama-65b', config: llama([8192, 80, 64, 64, 22_016], 32_000, 2048) },
  { id: 'llama-2-7b', name: 'Llama 2 7B', repo: 'meta-llama/Llama-2-7b-hf', config: llama(L7, 32_000, 4096) },
  { id: 'llama-2-13b', name: 'Llama 2 13B', repo: 'meta-llama/Llama-2-13b-hf', config: llama(L13, 32_000, 4096) },
  { id: 'llama-2-70b', name: 'Llama 2 70B', repo: 'meta-llama/Llama-2-70b-hf', config: llama(L70, 32_000, 4096) },
  { id: 'codellama-7b', name: 'Code Llama 7B', repo: 'codellama/CodeLlama-7b-hf', config: llama(L7, 32_016, 16_384, { rope_theta: 1_000_000 }) },
  { id: 'codellama-13b', name: 'Code Llama 13B', repo: 'codellama/CodeLlama-13b-hf', config: llama(L13, 32_016, 16_384, { rope_theta: 1_000_000 }) },
  { id: 'codellama-34b', name: 'Code Llama 34B', repo: 'codellama/CodeLlama-34b-hf', config: llama([8192, 48, 64, 8, 22_016], 32_000, 16_384, { rope_theta: 1_000_000 }) },
  { id: 'llama-3-8b', name: 'Llama 3 8B', repo: 'meta-llama/Meta-Llama-3-8B', config: llama(L8, 128_256, 8192, theta) },
  { id: 'llama-3-70b', name: 'Llama 3 70B', repo: 'meta-llama/Meta-Llama-3-70B', config: llama(L70, 128_256, 8192, theta) },
  { id: 'llama-3.1-8b', name: 'Llama 3.1 8B', repo: 'meta-llama/Llama-3.1-8B', config: llama(L8, 128_256, LONG, llama3Rope(8)) },
  { id: 'llama-3.1-70b', name: 'Llama 3.1 70B', repo: 'meta-llama/Llama-3.1-70B', config: llama(L70, 128_256, LONG, llama3Rope(8)) },
  { id: 'llama-3.1-405b', name: 'Llama 3.1 405B', repo: 'meta-llama/Llama-3.1-405B', config: llama([16_384, 126, 128, 8, 53_248], 128_256, LONG, llama3Rope(8)) },
  { id: 'llama-3.2-1b', name: 'Llama 3.2 1B', repo: 'meta-llama/Llama-3.2-1B', config: llama(L1, 128_256, LONG, { ...llama3Rope(32), ...TIED }) },
  { id: 'llama-3.2-3b', name: 'Llama 3.2 3B', repo: 'meta-llama/Llama-3.2-3B', config: llama([3072, 28, 24, 8, 8192], 128_256, LONG, { ...llama3Rope(32), ...TIED }) },
  { id: 'llama-3.3-70b', name: 'Llama 3.3 70B', repo: 'meta-llama/Llama-3.3-70B-Instruct', config: llama(L70, 128_256, LONG, llama3Rope(8)) },
  { id: 'llama-4-scout', name: 'Llama 4 Scout 17B-16E', repo: 'meta-llama/Llama-4-Scout-17B-16E-Instruct', config: llama4({ max_position_embeddings: 10_485_760 }), note: 'Text part; the vision tower adds 0.9 billion.' },
  { id: 'llama-4-maverick', name: 'Llama 4 Maverick 17B-128E', repo: 'meta-llama/Llama-4-Maverick-17B-128E-Instruct', config: llama4({ max_position_embeddings: 1_048_576, num_local_experts: 128, interleave_moe_layer_step: 2, use_qk_norm: false }), note: 'Text part; the vision tower adds 0.9 billion.' },
  { id: 'llama-guard-1', name: 'Llama Guard 1 7B', repo: 'meta-llama/LlamaGuard-7b', config: llama(L7, 32_000, 4096) },
  { id: 'llama-guard-2', name: 'Llama Guard 2 8B', repo: 'meta-llama/Meta-Llama-Guard-2-8B', config: llama(L8, 128_256, 8192, theta) },
  { id: 'llama-guard-3-1b', name: 'Llama Guard 3 1B', repo: 'meta-llama/Llama-Guard-3-1B', config: llama(L1, 128_256, LONG, { ...llama3Rope(32), ...TIED }) },
  { id: 'llama-guard-3-8b', name: 'Llama Guard 3 8B', repo: 'meta-llama/Llama-Guard-3-8B', config: llama(L8, 128_256, LONG, llama3Rope(8)) },
  { id: 'llama-guard-3-11b', name: 'Llama Guard 3 11B Vision', repo: 'meta-llama/Llama-Guard-3-11B-Vision', config: { architectures: ['MllamaForConditionalGeneration'], text_config: llama([4096, 40, 32, 8, 14_336], 128_256, LONG, { ...llama3Rope(8), cross_attention_layers: [3, 8, 13, 18, 23, 28, 33, 38] }) }, note: 'Text path: the 32 self-attention layers, which is what runs here; vision tower and cross-attention layers make it 10.7 billion.' },
  { id: 'llama-guard-4', name: 'Llama Guard 4 12B', repo: 'meta-llama/Llama-Guard-4-12B', config: llama4({ max_position_embeddings: 8192, num_local_experts: 0, moe_layers: [], interleave_moe_layer_step: 0, intermediate_size_mlp: 8192, no_rope_layer_interval: 80, attention_chunk_size: null }), note: `Text part; the vision tower adds 0.9 billion. ${INFERRED} Context as in Meta's converter; hosts offer more.` },
  { id: 'prompt-guard-1', name: 'Prompt Guard 1 86M', repo: 'meta-llama/Prompt-Guard-86M', config: deberta(768, 12, 251_000, ['BENIGN', 'INJECTION', 'JAILBREAK']) },
  { id: 'prompt-guard-2-86m', name: 'Prompt Guard 2 86M', repo: 'meta-llama/Llama-Prompt-Guard-2-86M', config: deberta(768, 12, 251_000, ['BENIGN', 'MALICIOUS']), note: INFERRED },
  { id: 'prompt-guard-2-22m', name: 'Prompt Guard 2 22M', repo: 'meta-llama/Llama-Prompt-Guard-2-22M', config: deberta(384, 6, 128_100, ['BENIGN', 'MALICIOUS']), note: INFERRED },
];

export const ANNOUNCED_MODELS: readonly AnnouncedModel[] = [
  { id: 'llama-4-behemoth', name: 'Llama 4 Behemoth 288B-16E', parameters: 2e12, activeParameters: 288e9, note: 'Announced in April 2025 as "nearly two trillion" parameters with 16 experts; neither weights nor shape were published, so keys and values cannot be computed.' },
];

/** Shape of a published model, read from its fields as from a file. */
export const publishedConfig = (model: PublishedModel): ModelConfig => configFromJson(model.config);

export const announcedModel = (id: string): AnnouncedModel | undefined => ANNOUNCED_MODELS.find((model) => model.id === id.toLowerCase());

/** By id or by `hf:` reference. */
export function publishedModel(reference: string): PublishedModel | undefined {
  const wanted = reference.toLowerCase();
  return PUBLISHED_MODELS.find(({ id, repo }) => id === wanted || `hf:${repo.toLowerCase()}` === wanted);
}
