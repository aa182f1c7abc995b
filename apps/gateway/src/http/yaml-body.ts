import { SallyportError } from '@sallyport/contracts';
import { parseYaml, POLICY_TEXT_LIMIT_BYTES } from '@sallyport/policy';
import type { FastifyInstance } from 'fastify';
import { holdsPolicy } from './policy-routes.js';
import { refuseUnsafe, requireObject } from './json-body.js';

/** Media types under which YAML is sent. */
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** Parses YAML bodies of the policy routes, and refuses a policy that is too long before it is read. */
export function registerYamlBody(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request) => {
    if (holdsPolicy(request.url) && Number(request.headers['content-length'] ?? 0) > POLICY_TEXT_LIMIT_BYTES) throw tooLarge();
  });
  fastify.addContentTypeParser(YAML_TYPES, { parseAs: 'buffer', bodyLimit: POLICY_TEXT_LIMIT_BYTES }, (_request, body, done) => {
    try {
      const value = parseYaml(decode(body as Buffer));
      refuseUnsafe(value, 0);
      done(null, requireObject(value));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unparsable'), undefined);
    }
  });
}

function tooLarge(): SallyportError {
  return new SallyportError('request_too_large', `A policy has at most ${POLICY_TEXT_LIMIT_BYTES} bytes.`, { param: 'document' });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SallyportError('invalid_yaml', 'The body is not UTF-8.', { param: 'document' });
  }
}
