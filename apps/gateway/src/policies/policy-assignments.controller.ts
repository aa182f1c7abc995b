import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Req } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ASSIGNMENT_KINDS, type AssignmentKind, type PolicyAssignment, SallyportError } from '@sallyport/contracts';
import type { FastifyRequest } from 'fastify';
import { keyIdOf } from '../http/key-id.js';
import { PoliciesService } from './policies.service.js';
import { AssignmentDto } from './policy.dto.js';

/** Which key, model or route has a policy of its own. A request that names a policy comes first, then its key, its model, its route, then the default. */
@ApiTags('policies')
@Controller('v1/policy-assignments')
export class PolicyAssignmentsController {
  constructor(@Inject(PoliciesService) private readonly policies: PoliciesService) {}

  @Get()
  @ApiOperation({ summary: 'All assignments' })
  @ApiOkResponse({ schema: { example: { data: [{ kind: 'key', subject: 'key_5f4dcc3b5aa7', policy: 'strict', allow_request: false }] } } })
  async list() {
    return { data: (await this.policies.assignments()).map(rowOf) };
  }

  @Put(':kind/:subject')
  @HttpCode(200)
  @ApiConsumes('application/json', 'application/yaml')
  @ApiParam({ name: 'kind', enum: ASSIGNMENT_KINDS })
  @ApiParam({ name: 'subject', description: 'A key id as the history shows it, a model, or one of the routes chat, moderations, screens, audits.', example: 'chat' })
  @ApiOperation({ summary: 'Gives a key, model or route a policy of its own' })
  async assign(@Param('kind') kind: string, @Param('subject') subject: string, @Body() { policy, allow_request = false }: AssignmentDto, @Req() request: FastifyRequest) {
    const actor = keyIdOf(request);
    await this.policies.requireEditor(actor);
    const assignment = { kind: readKind(kind), subject: readSubject(subject), policy, allowRequest: allow_request };
    await this.policies.assign(assignment, actor);
    return rowOf(assignment);
  }

  @Delete(':kind/:subject')
  @HttpCode(200)
  @ApiParam({ name: 'kind', enum: ASSIGNMENT_KINDS })
  @ApiOperation({ summary: 'Takes an assignment away' })
  async unassign(@Param('kind') kind: string, @Param('subject') subject: string, @Req() request: FastifyRequest) {
    const actor = keyIdOf(request);
    await this.policies.requireEditor(actor);
    await this.policies.unassign(readKind(kind), readSubject(subject), actor);
    return { kind, subject, deleted: true };
  }
}

function readKind(text: string): AssignmentKind {
  const kind = ASSIGNMENT_KINDS.find((known) => known === text);
  if (!kind) throw new SallyportError('invalid_request', `'kind' must be one of ${ASSIGNMENT_KINDS.join(', ')}.`, { param: 'kind' });
  return kind;
}

function readSubject(text: string): string {
  if (/^[\w./:@-]{1,256}$/.test(text)) return text;
  throw new SallyportError('invalid_request', "'subject' must be a key id, a model or a route.", { param: 'subject' });
}

const rowOf = ({ allowRequest, ...assignment }: PolicyAssignment) => ({ ...assignment, allow_request: allowRequest });
