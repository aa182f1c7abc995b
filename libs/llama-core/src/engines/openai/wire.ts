/** The parts of OpenAI's chat and completion chunks that are read, with what vLLM and llama.cpp add. */
export interface WireChunk {
  choices?: WireChoice[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; prompt_tokens_details?: { cached_tokens?: number } | null } | null;
  error?: unknown;
}

/** One choice of a chunk; chat fills `delta`, completions `text`. */
export interface WireChoice {
  index?: number;
  /** Completions. */
  text?: string;
  /** Chat. */
  delta?: WireDelta;
  logprobs?: WireLogprobs | null;
  finish_reason?: string | null;
}

export interface WireDelta {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: Array<{ index?: number; id?: string; function?: { name?: string; arguments?: string } }>;
}

/** `content` as in chat (and in llama.cpp's completions), the lists as in OpenAI's older completions. */
export interface WireLogprobs {
  content?: Array<WireToken & { top_logprobs?: WireToken[] }> | null;
  tokens?: string[];
  token_logprobs?: Array<number | null>;
  top_logprobs?: Array<Record<string, number> | null> | null;
  text_offset?: number[];
}

/** A token with the natural logarithm of its probability; `bytes` may be missing. */
export interface WireToken {
  /** llama.cpp only. */
  id?: number;
  token?: string;
  logprob?: number;
  bytes?: number[] | null;
}

/** Bytes of a token, which a server may leave out. */
export const wireBytes = ({ token = '', bytes }: WireToken): number[] => bytes ?? [...Buffer.from(token, 'utf8')];
