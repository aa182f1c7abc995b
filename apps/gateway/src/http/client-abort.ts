import type { FastifyReply } from 'fastify';

/**
 * A signal that aborts when the client goes away before the answer is complete.
 * The response's `close` event is the only one that tells: the request's `close` also fires when its body was read.
 */
export function clientAbort(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
  return controller.signal;
}
