import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Serves the console's files at `/` when their folder exists. Without a wildcard route, so that unknown paths stay 404. */
export async function registerConsole(fastify: FastifyInstance, folder: string | undefined): Promise<boolean> {
  if (folder === undefined || !existsSync(resolve(folder, 'index.html'))) return false;
  await fastify.register(fastifyStatic, { root: resolve(folder), prefix: '/', wildcard: false, decorateReply: false, index: ['index.html'] });
  return true;
}
