/** Closed set of error codes. A new code needs a row in {@link ERROR_STATUS}; nothing else maps codes to HTTP statuses. */
export const ERROR_STATUS = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_yaml: 400,
  unknown_parameter: 400,
  missing_api_key: 401,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  policy_not_found: 404,
  taxonomy_not_found: 404,
  audit_not_found: 404,
  batch_not_found: 404,
  file_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  version_conflict: 409,
  not_ready: 409,
  audit_state_conflict: 409,
  nothing_to_retry: 409,
  request_too_large: 413,
  context_length_exceeded: 400,
  unsupported_media_type: 415,
  unprocessable: 422,
  unsupported_feature: 422,
  rate_limited: 429,
  cancelled: 499,
  internal_error: 500,
  model_invalid: 500,
  upstream_error: 502,
  overloaded: 503,
  guard_unavailable: 503,
  check_failed: 503,
  generator_unavailable: 503,
  service_unavailable: 503,
  worker_lost: 503,
  deadline_exceeded: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What crosses a process border for a failed call: never user text, only the code, a sentence and the field at fault. */
export interface ErrorPayload {
  code: ErrorCode;
  message: string;
  param?: string;
  retryAfterS?: number;
}

/** The one error class between our services. `message` states expected and actual and never contains user text. */
export class SallyportError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, options: { param?: string; retryAfterS?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SallyportError';
    this.code = code;
    this.param = options.param;
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toPayload(): ErrorPayload {
    return {
      code: this.code,
      message: this.message,
      ...(this.param === undefined ? {} : { param: this.param }),
      ...(this.retryAfterS === undefined ? {} : { retryAfterS: this.retryAfterS }),
    };
  }

  static fromPayload(payload: ErrorPayload): SallyportError {
    const { code, message, ...rest } = payload;
    return new SallyportError(code in ERROR_STATUS ? code : 'internal_error', message, rest);
  }

  /** Keeps a SallyportError, wraps anything else as `internal_error` without repeating its text (it may quote user text). */
  static from(error: unknown): SallyportError {
    if (error instanceof SallyportError) return error;
    return new SallyportError('internal_error', 'An unexpected error occurred; its cause is in the service log.', { cause: error });
  }
}
