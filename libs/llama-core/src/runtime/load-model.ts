import { LlamaCoreError } from '../errors.js';
import type { DecoderConfig } from '../model/decoder-config.js';
import type { EncoderConfig } from '../model/encoder-config.js';
import { DecoderRunner } from './decoder-runner.js';
import { EncoderRunner } from './encoder-runner.js';
import type { Quantization, QuantizationTuning } from '../graph/quantization.js';
import { AdapterSelection } from './adapter-selection.js';
import { cacheRootOf, graphFileOf } from './graph-cache.js';
import { mergeAdapter, openAdapters } from './model-adapters.js';
import { openModel } from './model-source.js';
import { hasDotProducts } from './processor.js';

export type { MatrixKind, Quantization, QuantizationTuning } from '../graph/quantization.js';

export interface LoadOptions {
  path: string;
  quantization?: Quantization;
  /** How int8 and int4 trade error for size and speed. */
  tuning?: QuantizationTuning;
  /** LoRA adapter (peft folder or GGUF file) to merge into the weights. */
  adapter?: string;
  /** LoRA adapters kept beside the weights, by the name that a request chooses them by. */
  adapters?: Readonly<Record<string, string>>;
  threads?: number;
  cacheFolder?: string;
  /** Longest sequence of a decoder; default: the model's context, at most 8,192. */
  contextTokens?: number;
}

interface Loaded<Config, Runner> {
  config: Config;
  runner: Runner;
  sha256: string;
  metadata?: ReadonlyMap<string, unknown>;
}
export type LoadedDecoder = Loaded<DecoderConfig, DecoderRunner> & { kind: 'decoder' };
export type LoadedEncoder = Loaded<EncoderConfig, EncoderRunner> & { kind: 'encoder' };

/** Cache and rotation tables grow with the context, so the default stays modest. */
const DEFAULT_CONTEXT = 8192;
const DEFAULT_THREADS = 2;

/** Opens a model and its adapters, builds its graph where the cache has none, and starts a session on it. */
export async function loadModel(options: LoadOptions): Promise<LoadedDecoder | LoadedEncoder> {
  const root = cacheRootOf(options.cacheFolder);
  const opened = await openModel(options.path, root);
  const { quantization = 'none', threads = DEFAULT_THREADS } = options;
  try {
    const source = options.adapter === undefined ? opened : await mergeAdapter(opened, options.adapter);
    const adapters = await openAdapters(source, options.adapters ?? {});
    const { config, sha256, metadata } = source;
    const positions = config.kind === 'decoder' ? Math.min(options.contextTokens ?? DEFAULT_CONTEXT, config.contextTokens) : config.maxTokens;
    const rowProducts = config.kind === 'encoder' && quantization === 'int8' && (await hasDotProducts());
    const file = await graphFileOf(source, root, { quantization, positions, tuning: options.tuning, rowProducts, adapters });
    const common = { sha256, ...(metadata ? { metadata } : {}) };
    if (config.kind === 'encoder') return { kind: 'encoder', config, runner: await opening(EncoderRunner.open(file, config, threads)), ...common };
    const selection = adapters && new AdapterSelection(adapters.bank);
    return { kind: 'decoder', config, runner: await opening(DecoderRunner.open(file, config, { threads, maxTokens: positions, adapters: selection })), ...common };
  } finally {
    await opened.checkpoint.close();
  }
}

/** A graph that ONNX Runtime will not take has sizes in its config that fit the tensors and yet make no model. */
const opening = <Runner>(runner: Promise<Runner>): Promise<Runner> => runner.catch((cause: unknown) => Promise.reject(new LlamaCoreError('config_invalid', 'The sizes in the config do not make a model that ONNX Runtime can open.', { cause })));

/** @throws LlamaCoreError `unsupported_architecture` when the model is of the other kind. */
export async function loadDecoder(options: LoadOptions): Promise<LoadedDecoder> {
  const model = await loadModel(options);
  if (model.kind === 'decoder') return model;
  await model.runner.close();
  throw new LlamaCoreError('unsupported_architecture', 'Expected a text generator, found a classifier.', { param: 'model' });
}

/** @throws LlamaCoreError `unsupported_architecture` when the model is of the other kind. */
export async function loadEncoder(options: LoadOptions): Promise<LoadedEncoder> {
  const model = await loadModel(options);
  if (model.kind === 'encoder') return model;
  await model.runner.close();
  throw new LlamaCoreError('unsupported_architecture', 'Expected a classifier, found a text generator.', { param: 'model' });
}
