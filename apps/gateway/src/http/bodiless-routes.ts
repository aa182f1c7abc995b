import type { FastifyRequest } from 'fastify';

/** Clients cancel a batch without a body, some of them with a content type all the same. */
export const isCancel = (request: Pick<FastifyRequest, 'routeOptions'>): boolean => request.routeOptions.url === '/v1/batches/:id/cancel';

/** Requests whose body may be empty although they say that it is JSON: OpenAI's Python client says so of everything it sends. */
export const mayBeEmpty = (request: Pick<FastifyRequest, 'method' | 'routeOptions'>): boolean => request.method === 'DELETE' || isCancel(request);
