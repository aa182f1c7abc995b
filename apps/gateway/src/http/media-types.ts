import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SallyportError } from '@sallyport/contracts';
import { AUDIT_TYPES } from '../audits/audit-types.js';
import { isBodiless } from './bodiless-routes.js';
import { isPolicyRoute } from './policy-routes.js';
import { YAML_TYPES } from './yaml-body.js';

const UPLOADS: Record<string, string[]> = { '/v1/audits': AUDIT_TYPES, '/v1/files': ['multipart/form-data'] };
const DEFAULT = ['application/json'];

/** Answers 415 before a body of a type that the route does not take is read. */
export function registerMediaTypes(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request) => {
    if (request.is404 || !['POST', 'PUT', 'PATCH'].includes(request.method)) return;
    const accepted = UPLOADS[request.routeOptions.url ?? ''] ?? (isPolicyRoute(request.url) ? [...DEFAULT, ...YAML_TYPES] : DEFAULT);
    if (hasNoBody(request)) return;
    if (!accepted.includes(mediaType(request))) throw new SallyportError('unsupported_media_type', `The body must be ${accepted.join(' or ')}.`);
  });
}

/** Some changes need no body: `POST /v1/policies/{id}/rollback`, `POST /v1/batches/{id}/cancel`. */
function hasNoBody(request: FastifyRequest): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return (isPolicyRoute(request.url) || isBodiless(request)) && type === undefined && encoding === undefined && Number(length ?? 0) === 0;
}

function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
