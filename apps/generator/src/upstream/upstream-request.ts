import type { ChatMessage, GenerateRequest } from '@sallyport/contracts';

/** The body of the upstream's `POST /chat/completions`, always streamed. */
export function upstreamBody(request: GenerateRequest, model: string): Record<string, unknown> {
  const { n, temperature, topP, topK, minP, repetitionPenalty, frequencyPenalty, presencePenalty, logitBias, responseFormat, seed, stop, maxTokens, topLogprobs } = request;
  const fields: Record<string, unknown> = {
    model,
    messages: request.messages.map(upstreamMessage),
    stream_options: { include_usage: true },
    n: n === 1 ? undefined : n,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repetition_penalty: repetitionPenalty,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    logit_bias: logitBias,
    response_format: responseFormat,
    seed,
    stop,
    max_tokens: maxTokens,
    ...(topLogprobs === undefined ? {} : { logprobs: true, top_logprobs: topLogprobs }),
    ...request.passthrough,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function upstreamMessage({ role, content, name, toolCallId, toolCalls }: ChatMessage) {
  return { role, content: content === '' && toolCalls ? null : content, ...(name ? { name } : {}), ...(toolCallId ? { tool_call_id: toolCallId } : {}), ...(toolCalls ? { tool_calls: toolCalls } : {}) };
}
