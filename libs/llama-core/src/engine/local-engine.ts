import type { Quantization, QuantizationTuning } from '../runtime/load-model.js';
import { untilDeadline } from './deadline.js';
import { type Engine, type EngineDescription, type EngineEvent, validateRequest, validateService } from './engine.js';
import { type EngineMessage, type EngineReply, expiry, only } from './engine-messages.js';
import { type EngineLink, LocalSession } from './local-session.js';
import { WorkerLink } from './worker-link.js';

export interface LocalEngineOptions {
  /** Model folder or GGUF file. */
  model: string;
  quantization?: Quantization;
  /** How int8 and int4 trade error for size and speed. */
  tuning?: QuantizationTuning;
  /** LoRA adapter (peft folder or GGUF file) to merge into the weights. */
  adapter?: string;
  /** LoRA adapters kept beside the weights, by the name that a request chooses them by. */
  adapters?: Readonly<Record<string, string>>;
  /** Threads of one model run. */
  threads?: number;
  /** Longest sequence; default: the model's context, at most 8,192. */
  contextTokens?: number;
  /** Sequences decoded together. */
  maxRunning?: number;
  /** Requests that may wait. */
  maxWaiting?: number;
  /** Open sessions; one more is refused. */
  maxSessions?: number;
  /** Tokens computed in one step, prompts and answers together: more is a little faster, less makes the others wait shorter. */
  stepTokens?: number;
  /** Memory for keys and values of all sequences and of the prefix cache; at least one whole context. A run needs that of its sequences once more while it lasts. */
  kvBytes?: number;
  /** Most of it for the prefix cache, which gives way to sequences; 0: none. */
  prefixCacheBytes?: number;
  /** Where built graphs are kept. */
  cacheFolder?: string;
}

/** Loads a decoder into a worker thread of its own. @throws LlamaCoreError when the model cannot be used. */
export async function createLocalEngine(options: LocalEngineOptions): Promise<Engine> {
  const link = new WorkerLink<EngineMessage, EngineReply, EngineDescription>('engine-worker.js', options);
  const description = await link.info();
  return { ...engineOver(link, description), close: () => link.close() };
}

/** The port over a way to a worker. */
export function engineOver(link: EngineLink, description: EngineDescription): Omit<Engine, 'close'> {
  return {
    describe: () => description,
    generate: (request, signal) => {
      validateRequest(request);
      return untilDeadline(request.deadlineMs, signal, (either) => link.request({ kind: 'generate', request, ...expiry(request.deadlineMs) }, either) as AsyncIterable<EngineEvent>);
    },
    score: async (request, signal) => {
      validateService(request);
      const replies = untilDeadline(request.deadlineMs, signal, (either) => link.request({ kind: 'score', request, ...expiry(request.deadlineMs) }, either));
      return (await only(replies, 'scored')).result;
    },
    session: async (request, signal) => {
      validateService(request);
      return LocalSession.open(link, request, signal);
    },
  };
}
