import type { ServiceName } from '@sallyport/contracts';
import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import type { CallContext, Handlers } from '../handlers.js';
import type { InProcessBroker, LaneConcurrency } from '../in-process/in-process-broker.js';
import { RedisServer } from '../redis/redis-server.js';

/** Where the handlers of a service are offered. */
export type PipelineServerOptions = { service: ServiceName; concurrency?: LaneConcurrency } & ({ broker: InProcessBroker } | { redisUrl: string; prefix?: string });

/** `@Ctx()` of a handler. */
export class PipelineContext extends BaseRpcContext<[CallContext]> {
  /** Aborts when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    return this.args[0].signal;
  }

  get lane(): CallContext['lane'] {
    return this.args[0].lane;
  }

  /** Milliseconds since 1970. */
  get deadlineAt(): number {
    return this.args[0].deadlineAt;
  }
}

/** Nest's transport strategy over the pipeline: `@MessagePattern` methods answer calls; one that returns an async iterable streams. */
export class PipelineServer extends Server implements CustomTransportStrategy {
  private running: { close(): Promise<void> } | undefined;

  constructor(private readonly options: PipelineServerOptions) {
    super();
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.start();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await this.running?.close();
  }

  on(): never {
    throw new Error('The pipeline has no events of its own.');
  }

  unwrap<T>(): T {
    return this.running as T;
  }

  private async start(): Promise<void> {
    const { service, concurrency } = this.options;
    const limits = concurrency ? { concurrency } : {};
    if ('broker' in this.options) {
      this.running = this.options.broker.serve(service, this.handlers(), limits);
      return;
    }
    const { redisUrl, prefix } = this.options;
    const server = new RedisServer({ service, redisUrl, handlers: this.handlers(), ...limits, ...(prefix === undefined ? {} : { prefix }) });
    this.running = server;
    await server.start();
  }

  private handlers(): Handlers {
    return Object.fromEntries(
      [...this.messageHandlers].map(([pattern, handle]) => [
        pattern,
        async (data: unknown, context: CallContext) => firstValueFrom(this.transformToObservable(await handle(data, new PipelineContext([context])))),
      ]),
    );
  }
}
