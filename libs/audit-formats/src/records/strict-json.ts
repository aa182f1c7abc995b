import { SallyportError } from '@sallyport/contracts';

/** Deeper than any documented record; a limit, because readers walk records recursively. */
export const MAX_DEPTH = 40;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The value of a JSON text in UTF-8. Throws `invalid_json`, which quotes nothing. */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  try {
    return refuseUnsafe(JSON.parse(decoder.decode(bytes)));
  } catch (error) {
    // The parser's message quotes the text, so it is not kept as a cause.
    throw error instanceof SallyportError ? error : new SallyportError('invalid_json', 'The line is not valid JSON in UTF-8.');
  }
}

/** The value itself. Throws `invalid_json` for one that is nested too deep or has prototype keys. */
export function refuseUnsafe(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw tooDeep();
  if (Object.hasOwn(value, '__proto__')) throw new SallyportError('invalid_json', 'The line has a key named __proto__.');
  for (const child of Object.values(value)) refuseUnsafe(child, depth + 1);
  return value;
}

export const tooDeep = (): SallyportError => new SallyportError('invalid_json', `The line is nested more than ${MAX_DEPTH} levels deep.`);

/** The fields of a record. Throws `invalid_request` for anything but an object. */
export function requireFields(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SallyportError('invalid_request', 'The line must be a JSON object with "text" or "messages".');
}
