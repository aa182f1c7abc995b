import { type CallOptions, type Lane, SallyportError, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import { type Handlers, serveCall } from '../handlers.js';
import { LaneGate } from '../lane-gate.js';
import { PendingCall } from '../pending-call.js';

export type LaneConcurrency = Partial<Record<Lane, number>>;

/** Calls that one server works on at a time, by lane: batch work leaves room for online work. */
export const DEFAULT_CONCURRENCY: Readonly<Record<Lane, number>> = { online: 64, batch: 2 };

interface InProcessServer {
  handlers: Handlers;
  gates: Record<Lane, LaneGate>;
}

/** Connects services of one process with the contract of the Redis transport: data is copied, deadlines and cancels work, errors keep their codes. */
export class InProcessBroker {
  private readonly servers = new Map<ServiceName, InProcessServer[]>();
  private turn = 0;

  /** Adds a server; several servers of one service share the load. */
  serve(service: ServiceName, handlers: Handlers, options: { concurrency?: LaneConcurrency } = {}): { close(): Promise<void> } {
    const limits = { ...DEFAULT_CONCURRENCY, ...options.concurrency };
    const server: InProcessServer = { handlers, gates: { online: new LaneGate(limits.online), batch: new LaneGate(limits.batch) } };
    this.servers.set(service, [...this.serversOf(service), server]);
    return { close: async () => void this.servers.set(service, this.serversOf(service).filter((other) => other !== server)) };
  }

  client(service: ServiceName): ServiceClient {
    return {
      call: async <Reply>(pattern: string, data: unknown, options: CallOptions) => this.start(service, pattern, data, options).reply<Reply>(),
      stream: <Item>(pattern: string, data: unknown, options: CallOptions) => lazily(() => this.start(service, pattern, data, options).items<Item>()),
      available: async () => this.serversOf(service).length > 0,
    };
  }

  async close(): Promise<void> {
    this.servers.clear();
  }

  private start(service: ServiceName, pattern: string, data: unknown, options: CallOptions): PendingCall {
    const servers = this.serversOf(service);
    const server = servers[this.turn++ % Math.max(1, servers.length)];
    if (!server) throw new SallyportError('service_unavailable', `No ${service} service runs now.`, { retryAfterS: 1 });
    const controller = new AbortController();
    const call = new PendingCall(options, () => controller.abort());
    const lane = options.lane ?? 'online';
    const context = { signal: controller.signal, lane, deadlineAt: Date.now() + options.deadlineMs };
    const copy = structuredClone(data);
    const run = async () => {
      await server.gates[lane].enter();
      try {
        if (call.failed) return;
        await serveCall(server.handlers, { pattern, data: copy }, context, (entry) => call.deliver(structuredClone(entry)));
      } finally {
        server.gates[lane].leave();
      }
    };
    void run();
    return call;
  }

  private serversOf(service: ServiceName): InProcessServer[] {
    return this.servers.get(service) ?? [];
  }
}

/** A stream begins when it is first read, as an async generator does. */
async function* lazily<Item>(start: () => AsyncGenerator<Item>): AsyncGenerator<Item> {
  yield* start();
}
