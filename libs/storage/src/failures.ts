import { SallyportError } from '@sallyport/contracts';

const UNREACHABLE = /^(08|57P0|53)|^(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH)/;

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** True when the error is PostgreSQL's unique violation. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** Turns any database error into a SallyportError that repeats nothing but its code. */
export function toSallyportError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const code = codeOf(error);
  if (UNREACHABLE.test(code)) {
    return new SallyportError('service_unavailable', `The database is not reachable (${code}).`, { cause: error, retryAfterS: 5 });
  }
  if (code === '22021') {
    return new SallyportError('invalid_request', 'Expected text without NUL characters.', { cause: error });
  }
  const named = /^\w{1,40}$/.test(code) ? ` (${code})` : '';
  return new SallyportError('internal_error', `The database refused an operation${named}; the cause is in the service log.`, { cause: error });
}

/** Runs a database operation so that it only ever throws a SallyportError. */
export async function guarded<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toSallyportError(error);
  }
}
