import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { DEFAULT_POLICY, inOrder, POLICY_SCHEMA } from '@sallyport/policy';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { keyIdOf } from '../http/key-id.js';
import { negotiated } from '../http/negotiation.js';
import { PoliciesService } from './policies.service.js';
import { ExportQuery, ImportQuery } from './policy.dto.js';
import { etagOf, expectedVersion } from './policy-reference.js';

/** Documents in and out as files, and what they may hold. */
@ApiTags('policies')
@Controller('v1/policies')
export class PolicyExchangeController {
  constructor(@Inject(PoliciesService) private readonly policies: PoliciesService) {}

  @Get('schema')
  @ApiOperation({ summary: 'JSON Schema of policy documents' })
  schema(@Res({ passthrough: true }) reply: FastifyReply) {
    void reply.type('application/schema+json; charset=utf-8');
    return POLICY_SCHEMA;
  }

  @Get(':id/export')
  @ApiProduces('application/json', 'application/yaml')
  @ApiOperation({ summary: 'The document of a version alone, as it can be imported' })
  async export(@Param('id') id: string, @Query() { version }: ExportQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const policy = version === undefined ? await this.policies.resolve(id) : await this.policies.version(id, version);
    void reply.header('etag', etagOf(policy));
    return negotiated(request, reply, inOrder(policy.document));
  }

  @Post(':id/import')
  @HttpCode(200)
  @ApiConsumes('application/json', 'application/yaml')
  @ApiBody({ schema: { type: 'object', example: DEFAULT_POLICY } })
  @ApiOperation({ summary: 'Takes a document as it is in a file; the same document again makes no new version' })
  @ApiOkResponse({ schema: { example: { id: 'default', version: 2, created: true, activated: false } } })
  async import(@Param('id') id: string, @Query() { activate = false, note, author }: ImportQuery, @Body() document: Record<string, unknown>, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest) {
    const actor = keyIdOf(request);
    await this.policies.requireEditor(actor);
    return { id, ...(await this.policies.apply(id, document, { activate, note, author, actor, expected: expectedVersion(id, ifMatch) })) };
  }
}
