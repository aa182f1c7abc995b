import type { Quantization } from '../runtime/load-model.js';
import type { Lane } from '../scheduling/scheduled-sequence.js';
import { WorkerLink } from './worker-link.js';

/** A text to be judged, with the turn it answers where there is one. */
export interface ClassifierInput {
  text: string;
  context?: string;
  /** Also gives the embedding of each window, for comparing texts. */
  embed?: boolean;
}

/** What a classifier says of one text. */
export interface Classification {
  /** Label → probability 0–1: the highest of all windows. */
  scores: Record<string, number>;
  /** Tokens of the text. */
  tokens: number;
  /** Tokens that the model really read. */
  tokensScreened: number;
  windows: number;
  /** One vector [hidden] per window, where it was asked for and the model has one. */
  embeddings?: Float32Array[];
  queueMs: number;
  inferenceMs: number;
}

/** What a classifier is. */
export interface ClassifierInfo {
  labels: string[];
  /** Most tokens in one window. */
  maxTokens: number;
  /** sha256 of the model's files. */
  sha256: string;
}

/** How a request is to be served. */
export interface ClassifyOptions {
  signal?: AbortSignal;
  /** `batch` work runs only while no `online` work waits. Default: online. */
  lane?: Lane;
}

/** What a classifier's worker thread is sent. */
export interface ClassifyRequest {
  inputs: readonly ClassifierInput[];
  lane: Lane;
}

/** A text classifier, wherever it runs. */
export interface Classifier {
  describe(): ClassifierInfo;
  /** One result per input, in order. @throws LlamaCoreError */
  classify(inputs: readonly ClassifierInput[], options?: ClassifyOptions): Promise<Classification[]>;
  close(): Promise<void>;
}

/** How a sequence classifier is opened. */
export interface EncoderClassifierOptions {
  /** Model folder. */
  model: string;
  threads?: number;
  quantization?: Quantization;
  cacheFolder?: string;
  /** Windows that may wait; a request beyond is refused as overloaded. */
  maxQueuedWindows?: number;
}

/** Loads a sequence classifier into a worker thread of its own. Long texts are read in overlapping windows. */
export async function createEncoderClassifier(options: EncoderClassifierOptions): Promise<Classifier> {
  const link = new WorkerLink<ClassifyRequest, Classification[], ClassifierInfo>('classifier-worker.js', options);
  const info = await link.info();
  return {
    describe: () => info,
    classify: async (inputs, { signal, lane = 'online' } = {}) => {
      if (inputs.length === 0) return [];
      const results: Classification[] = [];
      for await (const part of link.request({ inputs, lane }, signal)) results.push(...part);
      return results;
    },
    close: () => link.close(),
  };
}
