import type { GenerateEvent, GenerateRequest, GeneratorDescription, ResponseFormat, TokenLogprob } from '@sallyport/contracts';
import type { Engine, EngineEvent, EngineRequest, Token, TokenAlternative } from '@sallyport/llama-core';
import type { CallContext } from '@sallyport/pipeline';
import type { Backend } from '../backend.js';
import { engineError } from '../engine-error.js';
import { merge } from './merge.js';
import { refuseForeignFields } from './refuse-foreign-fields.js';

/** A model on llama-core. */
export class LocalBackend implements Backend {
  private readonly created = Math.floor(Date.now() / 1_000);

  constructor(
    private readonly id: string,
    private readonly engine: Engine,
  ) {}

  describe(): GeneratorDescription {
    return { id: this.id, created: this.created, ownedBy: 'local', contextTokens: this.engine.describe().contextTokens };
  }

  /** Choices run side by side in the engine's batch; usage comes once, after the last. */
  async *generate(request: GenerateRequest, call: CallContext): AsyncGenerator<GenerateEvent> {
    refuseForeignFields(request.passthrough);
    const usage: Extract<GenerateEvent, { type: 'usage' }> = { type: 'usage', promptTokens: 0, completionTokens: 0, queueMs: 0, inferenceMs: 0 };
    const choices = Array.from({ length: request.n ?? 1 }, (_, index) => this.choice(index, request, call));
    try {
      for await (const { index, event } of merge(choices)) {
        if (event.type === 'text') yield textEvent(index, event, request.topLogprobs !== undefined);
        else {
          Object.assign(usage, { promptTokens: event.promptTokens, completionTokens: usage.completionTokens + event.completionTokens, queueMs: Math.max(usage.queueMs, event.queueMs), inferenceMs: Math.max(usage.inferenceMs, event.inferenceMs) });
          yield { type: 'finish', index, reason: event.reason };
        }
      }
      yield usage;
    } catch (error) {
      throw engineError(error);
    }
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  private async *choice(index: number, request: GenerateRequest, { signal, lane, deadlineAt }: CallContext): AsyncGenerator<{ index: number; event: EngineEvent }> {
    for await (const event of this.engine.generate({ ...engineRequest(request, index), lane, deadlineMs: Math.max(0, deadlineAt - Date.now()) }, signal)) yield { index, event };
  }
}

/** A seed is for the whole request: each choice after the first has the next one. */
function engineRequest({ model: _model, messages, n: _n, passthrough: _passthrough, responseFormat, ...sampling }: GenerateRequest, index: number): EngineRequest {
  return {
    ...sampling,
    ...(responseFormat ? { responseFormat: engineFormat(responseFormat) } : {}),
    prompt: { messages: messages.map(({ role, content, name }) => ({ role: role === 'developer' ? 'system' : role, content, ...(name === undefined ? {} : { name }) })) },
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed + index }),
  };
}

/** A schema that is not there allows any value. */
function engineFormat(format: ResponseFormat): NonNullable<EngineRequest['responseFormat']> {
  return format.type === 'json_object' ? { type: 'json_object' } : { type: 'json_schema', schema: format.json_schema.schema ?? true };
}

function textEvent(index: number, { text, tokens }: Extract<EngineEvent, { type: 'text' }>, withLogprobs: boolean): GenerateEvent {
  return { type: 'delta', index, channel: 'content', text, ...(withLogprobs ? { logprobs: tokens.map((token) => ({ ...logprob(token), top: (token.top ?? []).map(logprob) })) } : {}) };
}

/** `token` is the text of the bytes; bytes that are not whole characters show as replacement characters, as OpenAI does. */
function logprob({ bytes, logprob: value = 0 }: Token | TokenAlternative): TokenLogprob {
  return { token: Buffer.from(bytes).toString('utf8'), logprob: value, bytes };
}
