import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PolicyVersion } from '@sallyport/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { clientAbort } from '../http/client-abort.js';
import { keyIdOf } from '../http/key-id.js';
import { ownerOf } from '../http/owner.js';
import { DryRunDto } from './dry-run.dto.js';
import { DryRunService } from './dry-run.service.js';
import { PoliciesService } from './policies.service.js';
import { ActivateDto, PageQuery, RollbackDto } from './policy.dto.js';
import { etagOf, expectedVersion } from './policy-reference.js';
import { ShadowService } from './shadow.service.js';

const IF_MATCH = { name: 'if-match', required: false, description: 'The ETag of what must be active; 409 when another version is.', example: '"default@1"' };
const DEFAULT_DIFFERENCES = 20;

/** What judges: activation, rollback, shadow, and trying a version before it bites. */
@ApiTags('policies')
@ApiConsumes('application/json', 'application/yaml')
@Controller('v1/policies')
export class PolicyLifecycleController {
  constructor(
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ShadowService) private readonly shadows: ShadowService,
    @Inject(DryRunService) private readonly dryRuns: DryRunService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  @Post(':id/activate')
  @HttpCode(200)
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Makes a version the one that judges, in every process from its next request on' })
  @ApiOkResponse({ schema: { example: { id: 'default', active: 2 } } })
  async activate(@Param('id') id: string, @Body() { version, note }: ActivateDto, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.answer(reply, await this.policies.activate(id, version, { note, ...(await this.editor(id, ifMatch, request)) }));
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Goes back to the version that was active before; 409 when there is none' })
  @ApiOkResponse({ schema: { example: { id: 'default', active: 1 } } })
  async rollBack(@Param('id') id: string, @Body() body: RollbackDto | undefined, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.answer(reply, await this.policies.rollBack(id, { note: body?.note, ...(await this.editor(id, ifMatch, request)) }));
  }

  @Post(':id/shadow')
  @HttpCode(200)
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Lets a version judge the same traffic as the active one without acting' })
  @ApiOkResponse({ schema: { example: { id: 'default', shadow: 3 } } })
  async startShadow(@Param('id') id: string, @Body() { version, note }: ActivateDto, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest) {
    await this.policies.setShadow(id, version, { note, ...(await this.editor(id, ifMatch, request)) });
    return { id, shadow: version };
  }

  @Delete(':id/shadow')
  @HttpCode(200)
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Ends the shadow; what it has shown stays' })
  async stopShadow(@Param('id') id: string, @Headers('if-match') ifMatch: string | undefined, @Req() request: FastifyRequest) {
    await this.policies.setShadow(id, null, await this.editor(id, ifMatch, request));
    return { id, shadow: null };
  }

  @Get(':id/shadow')
  @ApiOperation({ summary: 'What the version in the shadow would have done: counts, rules, and the newest differing decisions' })
  @ApiOkResponse({ schema: { example: { id: 'default', version: 3, active: 2, seen: 1200, differing: 17, would_block: 14, would_review: 0, would_allow: 3, unjudged: 0, by_category: { S10: { active: 2, shadow: 16 } }, differences: [{ at: 1764061200, request_id: 'req_1', stage: 'prompt', against: 2, active: 'allow', shadow: 'block', reasons: [{ rule: 'S10', score: 0.61, threshold: 0.5 }] }] } } })
  shadow(@Param('id') id: string, @Query() { limit = DEFAULT_DIFFERENCES }: PageQuery) {
    return this.shadows.report(id, limit);
  }

  @Post(':id/dry-run')
  @HttpCode(200)
  @ApiOperation({ summary: 'What would change under a version or a document: an audit or rows are judged again on their stored scores' })
  @ApiOkResponse({ schema: { example: { policy: 'default@3', against: 'default@2', rows: 10000, changed: 41, decisions: { before: { allow: 9800, review: 0, block: 200 }, after: { allow: 9841, review: 0, block: 159 } }, by_category: { S6: { before: 120, after: 79, added: 0, removed: 41 } }, examples: [{ line: 17, before: 'block', after: 'allow', reasons: [{ rule: 'S6', score: 0.52, threshold: 0.45 }] }], skipped: 0, unjudged: 0 } } })
  dryRun(@Param('id') id: string, @Body() body: DryRunDto, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.dryRuns.run(id, body, { owner: ownerOf(request, this.settings), signal: clientAbort(reply) });
  }

  private async editor(id: string, ifMatch: string | undefined, request: FastifyRequest) {
    const actor = keyIdOf(request);
    await this.policies.requireEditor(actor);
    return { actor, expected: expectedVersion(id, ifMatch) };
  }

  private answer(reply: FastifyReply, policy: PolicyVersion) {
    void reply.header('etag', etagOf(policy));
    return { id: policy.id, active: policy.version };
  }
}
