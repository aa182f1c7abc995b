import type { FastifyInstance } from 'fastify';
import { SallyportError } from '@sallyport/contracts';
import { mayBeEmpty } from './bodiless-routes.js';
import { hasDuplicateKeys } from './duplicate-keys.js';
import { holdsPolicy } from './policy-routes.js';

/** Deeper than any documented request; a limit, because the validator walks the body recursively. */
const MAX_DEPTH = 40;

/** Parses JSON bodies strictly: UTF-8, not too deep, no prototype keys. Errors are `invalid_json` and quote nothing. */
export function registerJsonBody(fastify: FastifyInstance, limitBytes: number): void {
  fastify.removeContentTypeParser(['application/json', 'text/plain']);
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: limitBytes }, (request, body, done) => {
    try {
      if ((body as Buffer).length === 0 && mayBeEmpty(request)) return done(null, {});
      const value = requireObject(parseJson(body as Buffer));
      if (holdsPolicy(request.url) && hasDuplicateKeys((body as Buffer).toString('utf8'))) throw new SallyportError('invalid_json', 'The body names a key twice in one object.', { param: 'document' });
      done(null, value);
    } catch (error) {
      done(error instanceof Error ? error : new Error('unparsable'), undefined);
    }
  });
}

/** Throws `invalid_request` for anything but an object. */
export function requireObject(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new SallyportError('invalid_request', 'The body must be a JSON object.');
}

/** The value of a JSON text in UTF-8. Throws `invalid_json`. */
export function parseJson(bytes: Uint8Array): unknown {
  const value = parse(bytes);
  refuseUnsafe(value, 0);
  return value;
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new SallyportError('invalid_json', 'The body is empty; a JSON object was expected.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's message quotes the body, so it is not kept as a cause.
    throw new SallyportError('invalid_json', 'The body is not valid JSON in UTF-8.');
  }
}

/** Throws `invalid_json` for a value that is nested too deep or has prototype keys. */
export function refuseUnsafe(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new SallyportError('invalid_json', `The body is nested more than ${MAX_DEPTH} levels deep.`);
  if (Object.hasOwn(value, '__proto__')) throw new SallyportError('invalid_json', 'The body has a key named __proto__.');
  for (const child of Object.values(value)) refuseUnsafe(child, depth + 1);
}
