import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { SallyportError } from '@sallyport/contracts';

/** The accepted keys, kept as SHA-256 digests so that all comparisons take the same time whatever the key's length. */
export class ApiKeys {
  private readonly digests: Buffer[];

  constructor(keys: readonly string[]) {
    this.digests = keys.map(digest);
  }

  get required(): boolean {
    return this.digests.length > 0;
  }

  /** True for a known key; compares with every key, always. */
  accepts(key: string): boolean {
    const given = digest(key);
    return this.digests.reduce((found, known) => timingSafeEqual(known, given) || found, false);
  }
}

/** Requires `Authorization: Bearer <key>` on every route but health, metrics, docs and the console, before the body is read. */
export function registerApiKeys(fastify: FastifyInstance, keys: ApiKeys): void {
  if (!keys.required) return;
  fastify.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/v1/')) return;
    const [, key] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (key === undefined) throw new SallyportError('missing_api_key', 'This server requires an API key: send it as "Authorization: Bearer <key>".');
    if (!keys.accepts(key)) throw new SallyportError('missing_api_key', 'The API key is not known to this server.');
  });
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
