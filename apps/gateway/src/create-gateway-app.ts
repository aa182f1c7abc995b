import multipart from '@fastify/multipart';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { LOG_TYPES } from './audits/audit-types.js';
import { registerConsole } from './console/console-files.js';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from './gateway-options.js';
import { ApiKeys, registerApiKeys } from './http/api-keys.js';
import { registerJsonBody } from './http/json-body.js';
import { registerMediaTypes } from './http/media-types.js';
import { registerOpenApi } from './http/open-api.js';
import { OpenAiExceptionFilter } from './http/openai-exception.filter.js';
import { requestId } from './http/request-id.js';
import { registerRequestLog } from './http/request-log.js';
import { RouteTable } from './http/route-table.js';
import { createValidationPipe } from './http/validation.js';
import { registerYamlBody } from './http/yaml-body.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';

/** Builds the HTTP application of a module that imports the gateway's, ready to listen. The caller listens and closes it. */
export async function createGatewayApp(module: DynamicModule | Type): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ genReqId: requestId, forceCloseConnections: true, routerOptions: { maxParamLength: 256 } });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false, logger: ['error', 'warn'], abortOnError: false });
  await configureGatewayApp(app);
  return app;
}

/** Hooks, parsers, validation, error shape, documentation and console; the one place that knows their order. */
export async function configureGatewayApp(app: NestFastifyApplication): Promise<void> {
  const settings = app.get<GatewaySettings>(GATEWAY_SETTINGS, { strict: false });
  const logger = app.get<GatewayLogger>(GATEWAY_LOGGER, { strict: false });
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  app.get(RouteTable, { strict: false }).watch(fastify);
  registerRequestLog(fastify, app.get(GatewayMetrics, { strict: false }), logger);
  registerApiKeys(fastify, new ApiKeys(settings.apiKeys));
  registerMediaTypes(fastify);
  registerJsonBody(fastify, settings.jsonLimitBytes);
  registerYamlBody(fastify);
  registerUploads(fastify, settings.auditLimitBytes);
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(app.get(OpenAiExceptionFilter, { strict: false }));
  registerOpenApi(app);
  await registerConsole(fastify, settings.consoleFolder);
}

/** Audit uploads stay streams: the route reads them line by line. */
function registerUploads(fastify: FastifyInstance, limitBytes: number): void {
  fastify.addContentTypeParser(LOG_TYPES, (_request, payload, done) => done(null, payload));
  void fastify.register(multipart, { limits: { fileSize: limitBytes, files: 1, fields: 8, fieldSize: 64 * 1024 } });
}
