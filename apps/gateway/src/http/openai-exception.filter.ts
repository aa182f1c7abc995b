import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SallyportError } from '@sallyport/contracts';
import { errorBody } from './error-body.js';
import { toSallyportError } from './fastify-error.js';
import { RouteTable } from './route-table.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../gateway-options.js';

/** Seconds to wait before another try, where the thrower names none. */
const RETRY_AFTER_S = 2;

/** The one place that answers errors: OpenAI's error object, the status of the code, `Retry-After` on 429 and 503. */
@Catch()
export class OpenAiExceptionFilter implements ExceptionFilter {
  constructor(@Inject(RouteTable) private readonly routes: RouteTable, @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = this.wrongMethod(request, reply) ?? toSallyportError(thrown);
    if (error.status >= 500) this.logFailure(request, error);
    if (reply.sent || reply.raw.headersSent || reply.raw.destroyed) return;
    if (error.status === 429 || error.status === 503) void reply.header('retry-after', String(error.retryAfterS ?? RETRY_AFTER_S));
    void reply.status(error.status).type('application/json; charset=utf-8').send(errorBody(error.toPayload()));
  }

  private wrongMethod(request: FastifyRequest, reply: FastifyReply): SallyportError | undefined {
    if (!request.is404) return undefined;
    const methods = this.routes.methodsOf(request.url.split('?', 1)[0] ?? '');
    if (methods.length === 0) return undefined;
    void reply.header('allow', methods.join(', '));
    return new SallyportError('method_not_allowed', `This route answers ${methods.join(', ')}.`);
  }

  /** Names and stack positions only: the text of a foreign error may quote the request. */
  private logFailure(request: FastifyRequest, error: SallyportError): void {
    const cause = error.cause instanceof Error ? error.cause : undefined;
    const stack = cause?.stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 6);
    this.logger.error({ requestId: request.id, code: error.code, cause: cause?.name, stack }, 'request failed');
  }
}
