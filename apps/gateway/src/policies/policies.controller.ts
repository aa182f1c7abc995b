import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { DEFAULT_POLICY } from '@sallyport/policy';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { keyIdOf } from '../http/key-id.js';
import { negotiated } from '../http/negotiation.js';
import { PoliciesService } from './policies.service.js';
import { CreateVersionDto, DiffQuery, HistoryQuery, ListPoliciesQuery, ListVersionsQuery } from './policy.dto.js';
import { etagOf, expectedVersion, readVersion } from './policy-reference.js';

const DEFAULT_LIMIT = 100;
const IF_MATCH = { name: 'if-match', required: false, description: 'The ETag of what must be active; 409 when another version is.', example: '"default@1"' };

/** Policies as versioned data: reading them, and adding versions. */
@ApiTags('policies')
@ApiProduces('application/json', 'application/yaml')
@Controller('v1/policies')
export class PoliciesController {
  constructor(@Inject(PoliciesService) private readonly policies: PoliciesService) {}

  @Get()
  @ApiOperation({ summary: 'Policies by id, with the active version, the one in the shadow if any, and all numbers' })
  @ApiOkResponse({ schema: { example: { data: [{ id: 'default', active: 2, shadow: 3, versions: [1, 2, 3] }], next: 'default' } } })
  async list(@Query() { limit = DEFAULT_LIMIT, after, prefix }: ListPoliciesQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return negotiated(request, reply, await this.policies.list({ limit, after, prefix }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'The active version; its ETag is what If-Match of a change expects' })
  @ApiOkResponse({ schema: { example: { id: 'default', active: 1, document: DEFAULT_POLICY } } })
  async get(@Param('id') id: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const policy = await this.policies.resolve(id);
    void reply.header('etag', etagOf(policy));
    return negotiated(request, reply, { id: policy.id, active: policy.version, document: policy.document });
  }

  @Get(':id/versions')
  @ApiOperation({ summary: 'Versions without their documents, newest first' })
  @ApiOkResponse({ schema: { example: { data: [{ id: 'default', version: 2, state: 'draft', author: 'key_5f4dcc3b5aa7', note: 'Softer', parent: 1, created_at: 1764061200 }] } } })
  async versions(@Param('id') id: string, @Query() { limit = DEFAULT_LIMIT, before, state }: ListVersionsQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return negotiated(request, reply, await this.policies.versions(id, { limit, before, state }));
  }

  @Get(':id/versions/:version')
  @ApiOperation({ summary: 'One version with its document, state, author, note and parent' })
  async version(@Param('id') id: string, @Param('version') version: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const record = await this.policies.record(id, readVersion(version));
    void reply.header('etag', etagOf(record));
    return negotiated(request, reply, record);
  }

  @Get(':id/categories')
  @ApiOperation({ summary: 'Every category of the active version with threshold and action' })
  async categories(@Param('id') id: string) {
    return { data: await this.policies.categories(id) };
  }

  @Get(':id/diff')
  @ApiOperation({ summary: 'What differs between two versions, field by field' })
  @ApiOkResponse({ schema: { example: { from: 1, to: 2, changes: [{ path: 'categories.S1.threshold', from: 0.45, to: 0.6 }] } } })
  async diff(@Param('id') id: string, @Query() { from, to }: DiffQuery) {
    return { from, to, changes: await this.policies.diff(id, from, to) };
  }

  @Get(':id/history')
  @ApiOperation({ summary: 'The audit trail: who changed what and when, newest first' })
  @ApiOkResponse({ schema: { example: { data: [{ seq: 7, policy: 'default', change: 'activated', version: 2, previous: 1, actor: 'key_5f4dcc3b5aa7', note: 'after the review', at: 1764061200 }] } } })
  history(@Param('id') id: string, @Query() { limit = DEFAULT_LIMIT, before }: HistoryQuery) {
    return this.policies.history(id, { limit, before });
  }

  @Post(':id/versions')
  @HttpCode(201)
  @ApiConsumes('application/json', 'application/yaml')
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Stores a document as the next version; it judges nothing until it is activated (the first version of a new policy is active at once)' })
  @ApiCreatedResponse({ schema: { example: { id: 'default', version: 2 } } })
  async createVersion(@Param('id') id: string, @Body() { document, note, author, parent }: CreateVersionDto, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest) {
    const actor = keyIdOf(request);
    await this.policies.requireEditor(actor);
    const created = await this.policies.createVersion(id, document, { note, author, parent, actor, expected: expectedVersion(id, ifMatch) });
    return { id: created.id, version: created.version };
  }
}
