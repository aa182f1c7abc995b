import type { GenerateEvent, GenerateRequest, GeneratorDescription } from '@sallyport/contracts';
import { OpenAiClient } from '@sallyport/llama-core';
import type { CallContext } from '@sallyport/pipeline';
import type { Backend } from '../backend.js';
import { engineError } from '../engine-error.js';
import { chunkEvents } from './upstream-chunk.js';
import { upstreamBody } from './upstream-request.js';
import type { UpstreamRoute } from './upstream-routes.js';

/** Where an upstream does not say how long its context is. */
const UNKNOWN_CONTEXT = 0;

/** A model of an OpenAI-compatible server: vLLM, Ollama, llama.cpp server, or a hosted API. Chat goes through as it is: other choices, tool calls and reasoning too. */
export class UpstreamBackend implements Backend {
  private readonly created = Math.floor(Date.now() / 1_000);
  private readonly client: OpenAiClient;

  constructor(private readonly route: UpstreamRoute) {
    this.client = new OpenAiClient(route);
  }

  describe(): GeneratorDescription {
    return { id: this.route.id, created: this.created, ownedBy: 'upstream', contextTokens: this.route.contextTokens ?? UNKNOWN_CONTEXT };
  }

  async *generate(request: GenerateRequest, { signal }: CallContext): AsyncGenerator<GenerateEvent> {
    const startedMs = performance.now();
    const usage = { promptTokens: 0, completionTokens: 0 };
    try {
      for await (const chunk of this.client.stream('chat/completions', upstreamBody(request, this.route.model), { signal, choices: request.n ?? 1 })) {
        if (chunk.usage) Object.assign(usage, { promptTokens: chunk.usage.prompt_tokens ?? 0, completionTokens: chunk.usage.completion_tokens ?? 0 });
        yield* chunkEvents(chunk);
      }
    } catch (error) {
      throw engineError(error);
    }
    yield { type: 'usage', ...usage, queueMs: 0, inferenceMs: performance.now() - startedMs };
  }

  async close(): Promise<void> {}
}
