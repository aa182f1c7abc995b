import { createServer } from 'node:http';

/** Health of a service that has no HTTP of its own: `/health/live` answers while the event loop does, `/health/ready` is 503 until {@link HealthServer.ready}. */
export interface HealthServer {
  port: number;
  /** Said once, when the service takes work. */
  ready(): void;
  close(): Promise<void>;
}

/** Serves health on all addresses, because a kubelet asks from outside; it tells nothing but up or not yet. Undefined without a port; 0 takes a free one. */
export async function serveHealth(port: number | undefined): Promise<HealthServer | undefined> {
  if (port === undefined) return undefined;
  let isReady = false;
  const server = createServer((request, response) => {
    const known = request.url === '/health/live' || request.url === '/health/ready';
    const status = !known ? 404 : request.url === '/health/live' || isReady ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' }).end(`{"status":"${status === 200 ? 'ok' : 'unavailable'}"}`);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    ready: () => { isReady = true; },
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
