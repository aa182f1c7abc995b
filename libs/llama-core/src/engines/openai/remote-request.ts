import type { EngineRequest } from '../../engine/engine.js';
import type { RemoteKind } from './remote-server.js';

export interface RemoteCall {
  path: 'chat/completions' | 'completions';
  body: Record<string, unknown>;
}

const DEFAULT_MAX_TOKENS = 1_024;

/** Messages go to the chat route, text and token ids to the older completions. Our defaults are sent: servers have others (a temperature of 1). */
export function remoteCall(request: EngineRequest, model: string, kind: RemoteKind): RemoteCall {
  const { prompt, adapter, responseFormat, topLogprobs } = request;
  const chat = 'messages' in prompt;
  const fields: Record<string, unknown> = {
    model: adapter ?? model,
    ...(chat ? { messages: prompt.messages } : { prompt: 'text' in prompt ? prompt.text : prompt.tokenIds }),
    stream_options: { include_usage: true },
    max_tokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
    temperature: request.temperature ?? 0,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    typical_p: request.typicalP,
    [kind === 'llama.cpp' ? 'repeat_penalty' : 'repetition_penalty']: request.repetitionPenalty,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    logit_bias: request.logitBias,
    seed: request.seed,
    stop: request.stop?.length ? request.stop : undefined,
    ignore_eos: request.ignoreEos,
    response_format: responseFormat && (responseFormat.type === 'json_object' ? responseFormat : { type: 'json_schema', json_schema: { name: 'answer', schema: responseFormat.schema, strict: true } }),
    ...(topLogprobs === undefined ? {} : chat ? { logprobs: true, top_logprobs: topLogprobs } : { logprobs: topLogprobs }),
  };
  return { path: chat ? 'chat/completions' : 'completions', body: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}
