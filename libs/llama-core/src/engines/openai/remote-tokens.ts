import type { Token, TokenAlternative } from '../../engine/engine.js';
import { type WireLogprobs, type WireToken, wireBytes } from './wire.js';

/** Stands for the id of a token where a server gives none. */
export const UNKNOWN_TOKEN_ID = -1;

/** Tokens of one chunk, as far as the server reports them; none without log-probabilities. */
export function remoteTokens(logprobs: WireLogprobs | null | undefined): Token[] {
  if (logprobs?.content) return logprobs.content.map((token) => ({ ...alternative(token), top: (token.top_logprobs ?? []).map(alternative) }));
  return (logprobs?.tokens ?? []).map((token, i) => ({
    ...alternative({ token, logprob: logprobs?.token_logprobs?.[i] ?? 0 }),
    top: Object.entries(logprobs?.top_logprobs?.[i] ?? {})
      .map(([text, logprob]) => alternative({ token: text, logprob }))
      .sort((a, b) => b.logprob - a.logprob),
  }));
}

const alternative = (token: WireToken): TokenAlternative => ({ id: token.id ?? UNKNOWN_TOKEN_ID, bytes: wireBytes(token), logprob: token.logprob ?? 0 });
