export type LlamaCoreErrorCode =
  | 'gguf_invalid'
  | 'safetensors_invalid'
  | 'config_invalid'
  | 'tokenizer_invalid'
  | 'template_invalid'
  | 'adapter_invalid'
  | 'adapter_unsupported'
  | 'adapter_mismatch'
  | 'unsupported_architecture'
  | 'unsupported_tensor_type'
  | 'model_not_found'
  | 'context_length_exceeded'
  | 'invalid_request'
  | 'unsupported_feature'
  | 'cancelled'
  | 'deadline_exceeded'
  | 'overloaded'
  | 'hub_unreachable'
  | 'hub_unauthorized'
  | 'hub_not_found'
  | 'checksum_mismatch'
  | 'remote_unreachable'
  | 'remote_error'
  | 'rate_limited'
  | 'missing_dependency'
  | 'engine_closed'
  | 'worker_crashed';

/** The one error class of llama-core. `message` states expected and actual, never prompt text; `param` names the field or file at fault. */
export class LlamaCoreError extends Error {
  constructor(
    readonly code: LlamaCoreErrorCode,
    message: string,
    options: { param?: string; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LlamaCoreError';
    this.param = options.param;
    this.retryAfterS = options.retryAfterS;
  }

  readonly param: string | undefined;
  /** Seconds after which another try makes sense; remote servers say so. */
  readonly retryAfterS: number | undefined;
}
