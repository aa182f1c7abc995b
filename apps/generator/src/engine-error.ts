import { type ErrorCode, SallyportError } from '@sallyport/contracts';
import { LlamaCoreError, type LlamaCoreErrorCode } from '@sallyport/llama-core';

const CODES: Partial<Record<LlamaCoreErrorCode, ErrorCode>> = {
  model_not_found: 'model_not_found',
  context_length_exceeded: 'context_length_exceeded',
  invalid_request: 'invalid_request',
  template_invalid: 'invalid_request',
  unsupported_feature: 'unsupported_feature',
  cancelled: 'cancelled',
  deadline_exceeded: 'deadline_exceeded',
  overloaded: 'overloaded',
  rate_limited: 'rate_limited',
  remote_error: 'upstream_error',
  remote_unreachable: 'generator_unavailable',
  engine_closed: 'generator_unavailable',
  worker_crashed: 'generator_unavailable',
};

/** What a failed generation is for the caller. llama-core's messages hold no prompt text, so they pass. */
export function engineError(error: unknown): SallyportError {
  if (!(error instanceof LlamaCoreError)) return SallyportError.from(error);
  const { message, param, retryAfterS } = error;
  return new SallyportError(CODES[error.code] ?? 'model_invalid', message, { cause: error, ...(param === undefined ? {} : { param: wireName(param) }), ...(retryAfterS === undefined ? {} : { retryAfterS }) });
}

/** Clients know our fields by OpenAI's names. */
const wireName = (param: string): string => param.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
