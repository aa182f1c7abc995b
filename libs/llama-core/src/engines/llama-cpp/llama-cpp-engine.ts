import { basename } from 'node:path';
import { chooseChatTemplate } from '../../chat-template/choose-template.js';
import { type Engine, type EngineDescription, type EngineEvent, type EngineRequest, type EngineSession, type ScoreRequest, type ScoreResult, type SessionRequest, type ServiceOptions, validateRequest, validateService } from '../../engine/engine.js';
import { Generation } from '../../engine/generation.js';
import { PromptEncoder } from '../../engine/prompt-encoder.js';
import { LlamaCoreError } from '../../errors.js';
import { decoderConfigFromGguf } from '../../model/gguf-config.js';
import { loadGgufTokenizer } from '../../tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { openGguf } from '../../weights/gguf.js';
import { KeptSequence } from './kept-sequence.js';
import { LlamaCppSession, scoreAll } from './llama-cpp-session.js';
import { importNodeLlamaCpp, type Llama, type NodeLlamaCpp } from './node-llama-cpp.js';
import { RequestSignal } from './request-signal.js';
import { SequencePool } from './sequence-pool.js';

/** How a GGUF file is opened on llama.cpp. */
export interface LlamaCppEngineOptions {
  /** GGUF file. */
  model: string;
  threads?: number;
  /** Longest sequence; default: the model's context, at most 8,192. */
  contextTokens?: number;
  /** Sequences computed together. */
  maxRunning?: number;
  /** Requests that may wait. */
  maxWaiting?: number;
  /** Default: no GPU. */
  gpu?: false | 'auto';
  /** Where node-llama-cpp comes from; default: `import('node-llama-cpp')`. */
  importPackage?: () => Promise<NodeLlamaCpp>;
}

const DEFAULT_CONTEXT = 8_192;
const DEFAULT_MAX_TOKENS = 1_024;

interface Parts {
  llama: Llama;
  pool: SequencePool;
  encoder: PromptEncoder;
  tokenizer: Tokenizer;
  eosTokenIds: ReadonlySet<number>;
  description: EngineDescription;
}

/**
 * A GGUF model on llama.cpp through the optional package node-llama-cpp. llama.cpp computes the logits; prompts, sampling, response formats and stop strings are ours, so answers
 * differ from the local engine's only as the logits do. @throws LlamaCoreError `missing_dependency`, `gguf_invalid`.
 */
export async function createLlamaCppEngine(options: LlamaCppEngineOptions): Promise<Engine> {
  const { getLlama } = await (options.importPackage ?? (() => importNodeLlamaCpp()))();
  const { metadata } = await metadataOf(options.model);
  const config = decoderConfigFromGguf(metadata, true);
  const { tokenizer, template } = await loadGgufTokenizer(metadata);
  const contextTokens = Math.min(options.contextTokens ?? DEFAULT_CONTEXT, config.contextTokens);
  const { maxRunning = 4, maxWaiting = 256, threads, gpu = false } = options;
  const llama = await getLlama({ gpu, build: 'never', skipDownload: true, logLevel: 'error' });
  const model = await llama.loadModel({ modelPath: options.model });
  const context = await model.createContext({ sequences: maxRunning, contextSize: contextTokens, batchSize: 512, ...(threads === undefined ? {} : { threads }) });
  const sequences = Array.from({ length: maxRunning }, () => new KeptSequence(context.getSequence(), config.vocabSize));
  const chat = chooseChatTemplate({ ...(template !== undefined && { template }), name: basename(options.model) }, tokenizer);
  return new LlamaCppEngine({
    llama,
    pool: new SequencePool(sequences, maxWaiting),
    encoder: new PromptEncoder({ tokenizer, template: chat, vocabularySize: config.vocabSize, maxTokens: contextTokens }),
    tokenizer,
    eosTokenIds: new Set(config.eosTokenIds),
    description: { contextTokens, vocabularySize: config.vocabSize, sha256: '', hasChatTemplate: chat !== undefined, unsupported: ['adapter'] },
  });
}

async function metadataOf(path: string) {
  const file = await openGguf(path);
  await file.close();
  return file;
}

class LlamaCppEngine implements Engine {
  private readonly closing = new AbortController();

  constructor(private readonly parts: Parts) {}

  describe(): EngineDescription {
    return this.parts.description;
  }

  async *generate(request: EngineRequest, caller?: AbortSignal): AsyncGenerator<EngineEvent> {
    validateRequest(request);
    const running = this.begin(request, caller);
    const { pool, encoder, tokenizer, eosTokenIds, description } = this.parts;
    let sequence: KeptSequence | undefined;
    try {
      const promptIds = await encoder.prompt(request.prompt, 1);
      const maxTokens = Math.min(request.maxTokens ?? DEFAULT_MAX_TOKENS, description.contextTokens - promptIds.length);
      const generation = new Generation({ request, promptIds, maxTokens, tokenizer, eosTokenIds });
      sequence = await pool.take(promptIds, running.signal);
      generation.startedAt = performance.now();
      generation.cachedTokens = Math.min(sequence.sharedLength(promptIds), promptIds.length - 1);
      for (const tokens = [...promptIds]; !generation.finished; tokens.push(generation.lastToken)) {
        const event = await nextEvent(sequence, generation, { tokens, request });
        running.signal.throwIfAborted();
        if (event) yield event;
      }
      yield generation.end();
    } catch (error) {
      throw running.signal.aborted ? running.signal.reason : error;
    } finally {
      running.release();
      if (sequence) pool.giveBack(sequence);
    }
  }

  async score(request: ScoreRequest, caller?: AbortSignal): Promise<ScoreResult> {
    validateService(request);
    const submittedAt = performance.now();
    const running = this.begin(request, caller);
    const { pool, encoder } = this.parts;
    try {
      const tokens = await encoder.prompt(request.prompt, 1);
      const continuations = await encoder.continuations(request.continuations, tokens.length);
      const sequence = await pool.take(tokens, running.signal);
      const startedAt = performance.now();
      try {
        const cachedTokens = Math.min(sequence.sharedLength(tokens), tokens.length - 1);
        const scores = await scoreAll(sequence, tokens, continuations, running.signal);
        return { scores, promptTokens: tokens.length, cachedTokens, queueMs: startedAt - submittedAt, inferenceMs: performance.now() - startedAt };
      } finally {
        pool.giveBack(sequence);
      }
    } finally {
      running.release();
    }
  }

  async session(request: SessionRequest, caller?: AbortSignal): Promise<EngineSession> {
    validateService(request);
    const running = this.begin(request, caller);
    const { pool, encoder } = this.parts;
    try {
      const tokens = await encoder.prompt(request.prompt, 1);
      const sequence = await pool.take(tokens, running.signal);
      const session = new LlamaCppSession({ sequence, encoder, closing: this.closing.signal, tokens, onClose: () => pool.giveBack(sequence) });
      caller?.addEventListener('abort', () => void session.close(), { once: true });
      return session;
    } finally {
      running.release();
    }
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await this.parts.llama.dispose();
  }

  private begin({ adapter, deadlineMs }: ServiceOptions, caller: AbortSignal | undefined): RequestSignal {
    if (adapter !== undefined) throw new LlamaCoreError('unsupported_feature', 'The llama.cpp engine runs the plain model only; use the local engine for adapters.', { param: 'adapter' });
    const request = new RequestSignal({ caller, closing: this.closing.signal, deadlineMs });
    request.signal.throwIfAborted();
    return request;
  }
}

/** Fields with which the most likely token is no longer the answer. */
const SAMPLED = ['temperature', 'repetitionPenalty', 'frequencyPenalty', 'presencePenalty', 'logitBias', 'responseFormat'] as const;

/** A plain greedy answer takes llama.cpp's own choice; everything else needs all logits. */
async function nextEvent(sequence: KeptSequence, generation: Generation, { tokens, request }: { tokens: readonly number[]; request: EngineRequest }): Promise<EngineEvent | undefined> {
  if (SAMPLED.some((field) => request[field])) return generation.accept(await sequence.logits(tokens));
  return generation.take(await sequence.mostLikely(tokens, request.topLogprobs));
}
