import type { FastifyInstance } from 'fastify';
import type { GatewayLogger } from '../gateway-options.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';

/** Puts `x-request-id` on every answer, and writes one content-free log line and one measurement per request. */
export function registerRequestLog(fastify: FastifyInstance, metrics: GatewayMetrics, logger: GatewayLogger): void {
  fastify.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
    const aborted = !reply.raw.writableEnded;
    const status = aborted ? 499 : reply.raw.statusCode;
    metrics.request({ route, method: request.method, status, durationMs: reply.elapsedTime });
    logger.info({ requestId: request.id, method: request.method, route, status, durationMs: Math.round(reply.elapsedTime) }, 'request');
  });
}
