import type { FastifyRequest } from 'fastify';

/** Clients cancel a batch without a body, some of them with a content type all the same. */
export const isCancel = (request: Pick<FastifyRequest, 'routeOptions'>): boolean => request.routeOptions.url === '/v1/batches/:id/cancel';
