import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiExtraModels, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { clientAbort } from '../http/client-abort.js';
import { ListQuery } from '../http/list.dto.js';
import { ownerOf } from '../http/owner.js';
import { SseWriter } from '../http/sse-writer.js';
import { AuditAcceptedDto, AuditSampleDto, AuditSourceDto } from './intake/audit-options.dto.js';
import { AuditResultsQuery } from './audit-query.dto.js';
import { RESULT_TYPES } from './audit-results.js';
import { AUDIT_TYPES } from './audit-types.js';
import { AuditsService } from './audits.service.js';

const DEFAULT_LIMIT = 20;

/** Audits of logs: upload, progress, results. */
@ApiTags('audits')
@Controller('v1/audits')
export class AuditsController {
  constructor(@Inject(AuditsService) private readonly audits: AuditsService, @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Starts an audit of a log: JSON lines, a JSON array, CSV, TSV, Parquet, ShareGPT or OpenAI logs, also packed by gzip or zstd', description: 'The log is the body, the `file` of a form after its `options`, or a file that `path` or `s3` names in a JSON body. Options may also be in the query: `policy=strict&fields.text=question&sample=0.1`.' })
  @ApiConsumes(...AUDIT_TYPES)
  @ApiExtraModels(AuditSampleDto)
  @ApiBody({ type: AuditSourceDto })
  @ApiAcceptedResponse({ type: AuditAcceptedDto })
  create(@Req() request: FastifyRequest) {
    return this.audits.create(request);
  }

  @Get()
  @ApiOperation({ summary: 'The newest audits of this API key' })
  async list(@Query() query: ListQuery, @Req() request: FastifyRequest) {
    return { data: await this.audits.list(this.owner(request), query.limit ?? DEFAULT_LIMIT) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Progress of an audit' })
  progress(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.get(this.owner(request), id);
  }

  @Get(':id/events')
  @ApiOperation({ summary: 'Progress as server-sent events (`event: progress`) whenever it changes, until the audit is finished' })
  @ApiProduces('text/event-stream')
  async events(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const writer = new SseWriter(reply);
    for await (const progress of this.audits.events(this.owner(request), id, clientAbort(reply))) await (progress ? writer.send(progress, 'progress') : writer.keepAlive());
    writer.end();
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Pauses an audit: lines under way end, no more are begun; 409 `audit_state_conflict` for one that has ended' })
  pause(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.pause(this.owner(request), id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets a paused audit go on; 409 `audit_state_conflict` for one that has ended' })
  resume(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.resume(this.owner(request), id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends an audit; the results so far stay. 409 `audit_state_conflict` for one that has ended otherwise' })
  cancel(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.cancel(this.owner(request), id);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Runs the lines of a completed audit again whose check failed, and no others; 409 `nothing_to_retry` where there are none' })
  retry(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.audits.retry(this.owner(request), id);
  }

  @Get(':id/results')
  @ApiOperation({ summary: 'Results so far, one line per input line, in order; `x-audit-status` says whether they are complete' })
  async results(@Param('id') id: string, @Query() query: AuditResultsQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const audit = await this.audits.get(this.owner(request), id);
    void reply.header('x-audit-status', audit.status);
    const format = query.format ?? 'jsonl';
    return new StreamableFile(Readable.from(await this.audits.resultsFile(audit, query)), { type: RESULT_TYPES[format], disposition: `attachment; filename="${id}.${format}"` });
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
