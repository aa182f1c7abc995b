import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves the OpenAPI document at `/docs-json` and its browser at `/docs`. */
export function registerOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Sallyport')
    .setDescription('A moderation gateway for LLM traffic: every prompt and every response is screened before it passes. Errors have the shape of OpenAI: {"error": {message, type, param, code}}.')
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}
