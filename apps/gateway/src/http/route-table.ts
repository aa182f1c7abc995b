import type { FastifyInstance } from 'fastify';

/** Remembers which methods each route answers, so that a known path with a wrong method is 405 and not 404. */
export class RouteTable {
  private readonly routes: Array<{ pattern: RegExp; methods: string[] }> = [];

  /** Watches the routes that are registered from now on. Wildcard routes are left out: they match any path. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => {
      if (route.url.includes('*')) return;
      const methods = Array.isArray(route.method) ? route.method : [route.method];
      this.routes.push({ pattern: pathPattern(route.url), methods });
    });
  }

  /** Methods that the path answers, in upper case; empty when it is unknown. */
  methodsOf(path: string): string[] {
    const found = this.routes.filter((route) => route.pattern.test(path)).flatMap((route) => route.methods);
    return [...new Set(found)].sort();
  }
}

function pathPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
