/** A mistake in how a command was called, or what a server answered; shown as one line. */
export class CliError extends Error {
  constructor(message: string, cause?: unknown, readonly exitCode = 1) {
    super(message, { cause });
    this.name = 'CliError';
  }
}

/** One readable line for a known error, the stack for anything else. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CliError) return error.message;
  if ('code' in error && typeof error.code === 'string') return `${error.message} (${error.code}${'param' in error && typeof error.param === 'string' ? `, ${error.param}` : ''})`;
  return error.stack ?? error.message;
}
