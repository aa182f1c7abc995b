/** `pattern_refused`: the linear-time engine cannot run it; `pattern_too_large`, `pattern_matches_empty`: our own limits; `invalid_options`: a caller's mistake. */
export type ScannerErrorCode = 'pattern_refused' | 'pattern_too_large' | 'pattern_matches_empty' | 'invalid_options';

/** The one error class of this library. `message` says what was expected and what came, never scanned text; `cause` keeps the engine's own error. */
export class ScannerError extends Error {
  constructor(
    readonly code: ScannerErrorCode,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ScannerError';
  }
}
