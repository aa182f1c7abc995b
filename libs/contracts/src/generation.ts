import type { ChatMessage } from './conversation.js';

/** OpenAI's `response_format`, as it is on the wire; plain text is its absence. */
export type ResponseFormat = { type: 'json_object' } | { type: 'json_schema'; json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null } };

/** Sampling and limits of one generation; absent fields take the model's defaults. `temperature` 0 is greedy. */
export interface SamplingOptions {
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  repetitionPenalty?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  /** Token id → −100 to 100, added to the token's logit. */
  logitBias?: Record<string, number>;
  responseFormat?: ResponseFormat;
  seed?: number;
  stop?: string[];
  maxTokens?: number;
  /** Number of most likely alternatives to report per token (0: only the chosen one); absent: no log-probabilities. */
  topLogprobs?: number;
}

export interface GenerateRequest extends SamplingOptions {
  model: string;
  messages: ChatMessage[];
  /** Number of choices. */
  n?: number;
  /** OpenAI request fields that the local engine does not know; passed as they are to an upstream, refused by name by the local engine where ignoring them would change the answer. */
  passthrough?: Record<string, unknown>;
}

export interface TokenLogprob {
  token: string;
  /** Natural logarithm of the probability. */
  logprob: number;
  bytes: number[];
}

/** One piece of an answer. `channel` says which part of the message grows. */
export type GenerateEvent =
  | { type: 'delta'; index: number; channel: 'content' | 'reasoning' | 'refusal'; text: string; logprobs?: Array<TokenLogprob & { top: TokenLogprob[] }> }
  | { type: 'tool_call'; index: number; callIndex: number; id?: string; name?: string; argumentsText: string }
  | { type: 'finish'; index: number; reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' }
  | { type: 'usage'; promptTokens: number; completionTokens: number; queueMs: number; inferenceMs: number };

/** One generator model, for `GET /v1/models`. */
export interface GeneratorDescription {
  id: string;
  created: number;
  ownedBy: string;
  contextTokens: number;
}
