import type { ErrorPayload } from '@sallyport/contracts';
import { ERROR_STATUS } from '@sallyport/contracts';

/** OpenAI's error object; all four fields are always there. */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

/** Wraps an error payload in OpenAI's shape; the type follows from the status of the code. */
export function errorBody(payload: ErrorPayload): ErrorBody {
  const { code, message, param } = payload;
  return { error: { message, type: errorType(ERROR_STATUS[code]), param: param ?? null, code } };
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
