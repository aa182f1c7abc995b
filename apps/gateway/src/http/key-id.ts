import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Who asks, as it may be written down: the first 12 hex digits of the key's SHA-256, or `anonymous`. Never the key. */
export function keyIdOf(request: Pick<FastifyRequest, 'headers'>): string {
  const [, key] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return key === undefined ? 'anonymous' : `key_${createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 12)}`;
}
