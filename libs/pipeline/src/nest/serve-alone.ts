import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PipelineExceptionFilter } from './pipeline-exception.filter.js';
import { PipelineServer, type PipelineServerOptions } from './pipeline-server.js';

/** Serves a module's message handlers as a microservice of its own; returns how to close it. */
export async function serveAlone(module: DynamicModule | Type, options: PipelineServerOptions): Promise<() => Promise<void>> {
  const app = await NestFactory.createMicroservice(module, { strategy: new PipelineServer(options), logger: ['error', 'warn'], abortOnError: false });
  app.useGlobalFilters(new PipelineExceptionFilter());
  await app.listen();
  return () => app.close();
}
