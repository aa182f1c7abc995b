import { LlamaCoreError } from '../errors.js';
import type { JsonFields } from './json-fields.js';

/** What all sequence classifiers have. */
interface EncoderShape {
  kind: 'encoder';
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  maxTokens: number;
  normEpsilon: number;
  /** Sigmoid per label, or softmax over all. */
  multiLabel: boolean;
  labels: string[];
}

/** Shape of a BERT sequence classifier. */
export interface BertConfig extends EncoderShape {
  family: 'bert';
  typeVocabSize: number;
  /** `cls`: tanh pooler over the first token. `mean`: masked mean of the last hidden state, no pooler (the bundled classifiers). */
  pooling: 'cls' | 'mean';
  /** Labels of which the first is the union: what the model calls any harm is at least as likely as the likeliest of its kinds (the bundled guard). Empty: none. */
  unionOf: number[];
  /** Channels of the hidden states that are far larger than the rest in some rows. Absent: not known. */
  outlyingChannels?: number[];
}

/** Shape of a DeBERTa-v2 or v3 sequence classifier (Prompt Guard). */
export interface DebertaConfig extends EncoderShape {
  family: 'deberta';
  relative: RelativeAttention;
}

/** How DeBERTa attends by relative position. */
export interface RelativeAttention {
  /** Distances from here on are the same to the model. */
  maxDistance: number;
  /** Buckets for one direction, logarithmic in the outer half; absent: one per distance. */
  buckets?: number;
  /** The distance table has 2·span rows. */
  span: number;
  /** Content to position, position to content. */
  kinds: { c2p: boolean; p2c: boolean };
  /** Positions go through the projections of the content; otherwise they have their own. */
  sharedKey: boolean;
  /** The distance table is layer-normalised. */
  normalised: boolean;
}

export type EncoderConfig = BertConfig | DebertaConfig;

const unsupported = (param: string, message: string) => new LlamaCoreError('unsupported_architecture', message, { param });

/** Reads the config.json of a BertForSequenceClassification. */
export function bertConfigFromJson(config: JsonFields): BertConfig {
  const pooling = config.text('classifier_pooling') ?? 'cls';
  if (pooling !== 'cls' && pooling !== 'mean') throw new LlamaCoreError('config_invalid', `classifier_pooling: expected 'cls' or 'mean', got '${pooling}'.`, { param: 'classifier_pooling' });
  const shape = shapeOf(config, 1e-12);
  return { ...shape, family: 'bert', typeVocabSize: config.count('type_vocab_size', 2), pooling, unionOf: unionOf(config, shape.labels), ...outlying(config, shape.hiddenSize) };
}

/** `"outlying_channels": [channels]`. */
function outlying(config: JsonFields, hiddenSize: number): Pick<BertConfig, 'outlyingChannels'> {
  const outlyingChannels = config.naturals('outlying_channels');
  if (outlyingChannels?.some((channel, at) => channel >= hiddenSize || outlyingChannels.indexOf(channel) < at)) throw new LlamaCoreError('config_invalid', `outlying_channels: expected different whole numbers below ${hiddenSize}, the hidden size.`, { param: 'outlying_channels' });
  return outlyingChannels ? { outlyingChannels } : {};
}

/** `"label_unions": { "<first label>": [labels] }`. */
function unionOf(config: JsonFields, labels: string[]): number[] {
  const unions = config.object('label_unions');
  if (!unions) return [];
  const [first, ...others] = labels;
  const parts = unions.texts(first!).map((label) => others.indexOf(label) + 1);
  if (parts.length === 0 || parts.includes(0)) throw new LlamaCoreError('config_invalid', `label_unions: expected a list of other labels for '${first}', the first one.`, { param: 'label_unions' });
  return parts;
}

/** Reads the config.json of a DebertaV2ForSequenceClassification; what Prompt Guard does not use is refused by name. */
export function debertaConfigFromJson(config: JsonFields): DebertaConfig {
  const shape = shapeOf(config, 1e-7);
  if (!config.flag('relative_attention')) throw unsupported('relative_attention', 'DeBERTa without relative_attention is not supported.');
  if (config.onByDefault('position_biased_input')) throw unsupported('position_biased_input', 'DeBERTa with absolute positions (position_biased_input) is not supported.');
  for (const absent of ['type_vocab_size', 'conv_kernel_size']) if (config.natural(absent, 0) > 0) throw unsupported(absent, `${absent} ${config.number(absent)} is not supported; 0 is.`);
  for (const same of ['embedding_size', 'pooler_hidden_size'])
    if (config.number(same, shape.hiddenSize) !== shape.hiddenSize) throw unsupported(same, `${same} ${config.number(same)} is not supported; ${shape.hiddenSize}, the hidden size, is.`);
  const pooler = config.text('pooler_hidden_act') ?? 'gelu';
  if (pooler !== 'gelu') throw unsupported('pooler_hidden_act', `pooler_hidden_act '${pooler}' is not supported; 'gelu' is.`);
  return { ...shape, family: 'deberta', relative: relativeOf(config, shape.maxTokens) };
}

function relativeOf(config: JsonFields, maxTokens: number): RelativeAttention {
  const given = config.number('max_relative_positions', -1);
  const maxDistance = given < 1 ? maxTokens : given;
  const buckets = config.number('position_buckets', -1);
  const kinds = kindsOf(config);
  return {
    maxDistance,
    ...(buckets > 0 ? { buckets } : {}),
    span: buckets > 0 ? buckets : maxDistance,
    kinds: { c2p: kinds.includes('c2p'), p2c: kinds.includes('p2c') },
    sharedKey: config.flag('share_att_key'),
    normalised: (config.text('norm_rel_ebd') ?? 'none').split('|').includes('layer_norm'),
  };
}

/** `["p2c", "c2p"]`, or `"p2c|c2p"` in older files. */
function kindsOf(config: JsonFields): string[] {
  const kinds = config.text('pos_att_type')?.split('|') ?? config.texts('pos_att_type');
  const unknown = kinds.find((kind) => kind !== 'c2p' && kind !== 'p2c');
  if (unknown !== undefined) throw unsupported('pos_att_type', `pos_att_type '${unknown}' is not supported; 'c2p' and 'p2c' are.`);
  if (kinds.length === 0) throw unsupported('pos_att_type', 'Relative attention without pos_att_type is not supported.');
  return kinds;
}

function shapeOf(config: JsonFields, normEpsilon: number): EncoderShape {
  const activation = config.text('hidden_act') ?? 'gelu';
  if (activation !== 'gelu') throw unsupported('hidden_act', `hidden_act '${activation}' is not supported; 'gelu' is.`);
  const [hiddenSize, heads] = [config.count('hidden_size'), config.count('num_attention_heads')];
  if (hiddenSize % heads !== 0) throw new LlamaCoreError('config_invalid', `${heads} heads cannot share a hidden size of ${hiddenSize}.`, { param: 'num_attention_heads' });
  return {
    kind: 'encoder',
    vocabSize: config.count('vocab_size'),
    hiddenSize,
    intermediateSize: config.count('intermediate_size'),
    layers: config.count('num_hidden_layers'),
    heads,
    maxTokens: config.count('max_position_embeddings', 512),
    normEpsilon: config.number('layer_norm_eps', normEpsilon),
    multiLabel: config.text('problem_type') === 'multi_label_classification',
    labels: labelsOf(config),
  };
}

/** transformers leaves `id2label` out where there are two labels without names of their own. */
function labelsOf(config: JsonFields): string[] {
  const names = config.object('id2label');
  if (!names) return ['LABEL_0', 'LABEL_1'];
  const labels: string[] = [];
  for (let i = 0; names.text(String(i)) !== undefined; i++) labels.push(names.text(String(i))!);
  if (labels.length === 0) throw new LlamaCoreError('config_invalid', 'id2label: expected at least one label.', { param: 'id2label' });
  return labels;
}
