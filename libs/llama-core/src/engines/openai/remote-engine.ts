import { type Engine, type EngineDescription, type EngineEvent, type EngineFeature, type EngineRequest, type FinishReason, type ServiceOptions, validateRequest, validateService } from '../../engine/engine.js';
import { LlamaCoreError } from '../../errors.js';
import { type CallOptions, OpenAiClient, type OpenAiClientOptions } from './openai-client.js';
import { remoteCall } from './remote-request.js';
import { remoteScore } from './remote-score.js';
import { inspectServer, type RemoteServer } from './remote-server.js';
import { remoteTokens } from './remote-tokens.js';
import type { WireChunk } from './wire.js';

/** Which model of which server. */
export interface RemoteEngineOptions extends OpenAiClientOptions {
  /** Name that the server knows the model by. */
  model: string;
  /** Longest prompt and answer, for servers that do not say. */
  contextTokens?: number;
}

/** A server may load a model first, or read a long prompt. */
const DEFAULT_SILENCE_MS = 120_000;

/**
 * A model behind an OpenAI-compatible API: vLLM, Ollama, llama.cpp server, or a hosted one. Tokens are reported with log-probabilities only, without ids except by
 * llama.cpp. Scores need `echo` ({@link remoteScore}); sessions are refused; `lane` means nothing to a server; `adapter` is asked for as the model. @throws LlamaCoreError `remote_unreachable`, `model_not_found`.
 */
export async function createRemoteEngine(options: RemoteEngineOptions): Promise<Engine> {
  const client = new OpenAiClient({ silenceMs: DEFAULT_SILENCE_MS, ...options });
  return new RemoteEngine(client, options, await inspectServer(client, options.model));
}

class RemoteEngine implements Engine {
  private readonly closing = new AbortController();

  constructor(
    private readonly client: OpenAiClient,
    private readonly options: RemoteEngineOptions,
    private readonly server: RemoteServer,
  ) {}

  describe(): EngineDescription {
    const { contextTokens, vocabularySize, kind } = this.server;
    const unsupported: EngineFeature[] = ['session', 'tokens', ...(kind === 'vllm' ? [] : ['scoreMessages' as const])];
    return { contextTokens: this.options.contextTokens ?? contextTokens, vocabularySize, sha256: '', hasChatTemplate: true, unsupported };
  }

  async *generate(request: EngineRequest, signal?: AbortSignal): AsyncGenerator<EngineEvent> {
    validateRequest(request);
    this.refuseClosed();
    const startedMs = performance.now();
    const { path, body } = remoteCall(request, this.options.model, this.server.kind);
    const end = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    let reason: FinishReason = 'stop';
    try {
      for await (const chunk of this.client.stream(path, body, this.optionsOf(request, signal))) {
        const [choice] = chunk.choices ?? [];
        const text = choice?.delta?.content ?? choice?.text ?? '';
        const tokens = remoteTokens(choice?.logprobs);
        if (text !== '' || tokens.length > 0) yield { type: 'text', text, tokens };
        if (choice?.finish_reason === 'length') reason = 'length';
        if (chunk.usage) Object.assign(end, usageOf(chunk.usage));
      }
    } catch (error) {
      this.refuseClosed();
      throw error;
    }
    yield { type: 'end', reason, ...end, queueMs: 0, inferenceMs: performance.now() - startedMs };
  }

  async score(...[request, signal]: Parameters<Engine['score']>): ReturnType<Engine['score']> {
    validateService(request);
    this.refuseClosed();
    return remoteScore({ client: this.client, model: this.options.model, kind: this.server.kind }, request, this.optionsOf(request, signal));
  }

  session(): ReturnType<Engine['session']> {
    return Promise.reject(new LlamaCoreError('unsupported_feature', 'A remote server keeps no session; use score, or the local engine.', { param: 'session' }));
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private refuseClosed(): void {
    if (this.closing.signal.aborted) throw new LlamaCoreError('engine_closed', 'The engine is closed.');
  }

  private optionsOf({ deadlineMs }: ServiceOptions, signal: AbortSignal | undefined): CallOptions {
    return { signal: signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  }
}

function usageOf(usage: NonNullable<WireChunk['usage']>) {
  return { promptTokens: usage.prompt_tokens ?? 0, cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0, completionTokens: usage.completion_tokens ?? 0 };
}
