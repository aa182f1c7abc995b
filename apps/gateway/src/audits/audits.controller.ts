import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { ownerOf } from '../http/owner.js';
import { AuditResultsQuery, CreateAuditQuery, ListAuditsQuery } from './audit-query.dto.js';
import { AuditsService } from './audits.service.js';

const DEFAULT_LIMIT = 20;

/** Audits of logs: upload, progress, results. */
@ApiTags('audits')
@Controller('v1/audits')
export class AuditsController {
  constructor(@Inject(AuditsService) private readonly audits: AuditsService, @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Starts an audit of a JSONL upload: one {"text"} or {"messages"} per line' })
  @ApiConsumes('application/x-ndjson', 'multipart/form-data')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiAcceptedResponse({ description: '{id, status}' })
  create(@Query() query: CreateAuditQuery, @Req() request: FastifyRequest) {
    return this.audits.create(request, query.policy);
  }

  @Get()
  @ApiOperation({ summary: 'The newest audits of this API key' })
  async list(@Query() query: ListAuditsQuery, @Req() request: FastifyRequest) {
    return { data: await this.audits.list(this.owner(request), query.limit ?? DEFAULT_LIMIT) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Progress of an audit' })
  progress(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.get(this.owner(request), id);
  }

  @Get(':id/results')
  @ApiOperation({ summary: 'Results so far, one line per input line, in order; `x-audit-status` says whether they are complete' })
  async results(@Param('id') id: string, @Query() _query: AuditResultsQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { status } = await this.audits.get(this.owner(request), id);
    void reply.header('x-audit-status', status);
    return new StreamableFile(Readable.from(this.audits.resultLines(id)), { type: 'application/x-ndjson; charset=utf-8' });
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels a running audit; removes a finished one' })
  remove(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.remove(this.owner(request), id);
  }

  private owner(request: FastifyRequest): string {
    return ownerOf(request, this.settings);
  }
}
