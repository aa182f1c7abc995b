import type { FastifyRequest } from 'fastify';

const BODILESS: ReadonlySet<string | undefined> = new Set(['/v1/batches/:id/cancel', ...['pause', 'resume', 'cancel', 'retry'].map((change) => `/v1/audits/:id/${change}`)]);

/** Clients change a batch or an audit without a body, some of them with a content type all the same. */
export const isBodiless = (request: Pick<FastifyRequest, 'routeOptions'>): boolean => BODILESS.has(request.routeOptions.url);

/** Requests whose body may be empty although they say that it is JSON: OpenAI's Python client says so of everything it sends. */
export const mayBeEmpty = (request: Pick<FastifyRequest, 'method' | 'routeOptions'>): boolean => request.method === 'DELETE' || isBodiless(request);
