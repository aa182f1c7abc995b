import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { LlamaCoreError } from '../errors.js';
import type { DecoderRunner } from '../runtime/decoder-runner.js';
import { loadDecoder } from '../runtime/load-model.js';
import type { SchedulerLimits } from '../scheduling/scheduler.js';
import { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Engine, EngineEvent, EngineRequest, Token } from './engine.js';
import type { EngineMessage, EngineReply } from './engine-messages.js';
import { EngineService } from './engine-service.js';
import { engineOver } from './local-engine.js';
import type { EngineLink } from './local-session.js';
import { PromptEncoder } from './prompt-encoder.js';
import { toWireError } from './worker-link.js';

export const fixtureModel = (name: string): string => fileURLToPath(new URL(`../../fixtures/models/${name}`, import.meta.url));
export const cacheFolder = join(tmpdir(), 'sallyport-fixture-graphs');

/** Everything of the local engine but the thread: the same service behind the same port. */
export interface TinyEngine extends Omit<Engine, 'close'> {
  service: EngineService;
  runner: DecoderRunner;
  kvBytesPerToken: number;
  close(): Promise<void>;
}

export interface TinyEngineOptions extends Partial<SchedulerLimits> {
  contextTokens?: number;
  maxSessions?: number;
}

/** Opens a golden decoder with a tokenizer of single bytes, unquantized and exact. */
export async function openTinyEngine(name: string, options: TinyEngineOptions = {}): Promise<TinyEngine> {
  const { contextTokens = 512, maxSessions = 8, ...some } = options;
  const { runner, config, sha256 } = await loadDecoder({ path: fixtureModel(name), threads: 1, contextTokens, cacheFolder });
  const tokenizer = await byteTokenizer(config.vocabSize);
  const encoder = new PromptEncoder({ tokenizer, template: undefined, vocabularySize: config.vocabSize, maxTokens: runner.maxTokens });
  const limits: SchedulerLimits = { maxRunning: 16, maxWaiting: 10_000, stepTokens: 256, kvTokens: 20_000, prefixTokens: 0, ...some };
  const link = new DirectLink();
  const service = new EngineService({ runner, tokenizer, encoder, eosTokenIds: new Set(config.eosTokenIds), limits, maxSessions }, link);
  link.service = service;
  const port = engineOver(link, { contextTokens: runner.maxTokens, vocabularySize: config.vocabSize, sha256, hasChatTemplate: false });
  return { ...port, service, runner, kvBytesPerToken: runner.kvBytesPerToken, close: () => service.close() };
}

/** Ids of the whole answer, and its end. */
export async function answer(engine: Pick<Engine, 'generate'>, request: EngineRequest, signal?: AbortSignal): Promise<{ ids: number[]; tokens: Token[]; end: Extract<EngineEvent, { type: 'end' }> }> {
  const tokens: Token[] = [];
  for await (const event of engine.generate({ ignoreEos: true, ...request }, signal)) {
    if (event.type === 'end') return { ids: tokens.map(({ id }) => id), tokens, end: event };
    tokens.push(...event.tokens);
  }
  throw new Error('The answer had no end.');
}

interface Pending {
  events: EngineReply[];
  ended: { error?: unknown } | undefined;
  wake: () => void;
}

/** Hands messages over in the same thread. */
class DirectLink implements EngineLink {
  service!: EngineService;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  event(id: number, event: EngineReply): void {
    const pending = this.pending.get(id);
    pending?.events.push(event);
    pending?.wake();
  }

  end(id: number, error?: unknown): void {
    const pending = this.pending.get(id);
    if (!pending) return;
    pending.ended ??= error === undefined ? {} : { error };
    pending.wake();
  }

  async *request(body: EngineMessage, signal?: AbortSignal): AsyncGenerator<EngineReply> {
    const cancelled = () => new LlamaCoreError('cancelled', 'The request was cancelled by its caller.');
    if (signal?.aborted) throw cancelled();
    const id = this.nextId++;
    const pending: Pending = { events: [], ended: undefined, wake: () => undefined };
    this.pending.set(id, pending);
    const onAbort = () => this.end(id, cancelled());
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.service.submit(id, structuredClone(body));
      for (;;) {
        while (pending.events.length > 0) yield pending.events.shift()!;
        if (pending.ended) break;
        await new Promise<void>((resolve) => { pending.wake = resolve; });
      }
      const { error } = pending.ended;
      if (error !== undefined) throw error instanceof LlamaCoreError ? error : new LlamaCoreError('worker_crashed', toWireError(error).message, { cause: error });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.pending.delete(id);
      this.service.cancel(id);
    }
  }
}

/** Token n is the byte n; those beyond are names that no text has. */
function byteTokenizer(vocabularySize: number): Promise<Tokenizer> {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  const vocab: Record<string, number> = {};
  for (let byte = 0; byte < 256; byte++) vocab[String.fromCodePoint(printable(byte) ? byte : next++)] = byte;
  for (let id = 256; id < vocabularySize; id++) vocab[`name${id}`] = id;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return Tokenizer.create({ version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: byteLevel, post_processor: null, decoder: byteLevel, model: { type: 'BPE', vocab, merges: [] } });
}
