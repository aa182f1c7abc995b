import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Inject, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { auditPage } from '@sallyport/reporting';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../../gateway-options.js';
import { clientAbort } from '../../http/client-abort.js';
import { ownerOf } from '../../http/owner.js';
import { AuditsService } from '../audits.service.js';
import { AuditReportQuery } from './audit-report-query.dto.js';
import { AuditReportService } from './audit-report.service.js';

/** The page runs no script and loads nothing, whatever a log line says. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A report of a million lines takes minutes, longer than clients wait for a first byte. */
const SIGN_OF_LIFE_MS = 10_000;

/** Reports of audits. */
@ApiTags('audits')
@Controller('v1/audits')
export class AuditReportController {
  constructor(
    @Inject(AuditsService) private readonly audits: AuditsService,
    @Inject(AuditReportService) private readonly reports: AuditReportService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  @Get(':id/report')
  @ApiOperation({ summary: 'What the audit found, as JSON or as a page that opens without a network: totals, what was not checked, categories, time, scores, sources, languages, samples, and what a draft policy would change' })
  async report(@Param('id') id: string, @Query() query: AuditReportQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const read = await this.reports.open(await this.audits.get(ownerOf(request, this.settings), id), query.draft, clientAbort(reply));
    if (query.format !== 'html') return new StreamableFile(streamed(read().then((report) => JSON.stringify(report))), { type: 'application/json; charset=utf-8' });
    void reply.header('content-security-policy', PAGE_POLICY);
    return new StreamableFile(streamed(read().then(auditPage)), { type: 'text/html; charset=utf-8', disposition: `inline; filename="${id}.html"` });
  }
}

function streamed(text: Promise<string>): Readable {
  // Whoever goes away does not hear of a failure any more.
  text.catch(() => undefined);
  return Readable.from(patiently(text));
}

/** A text that takes a while: an empty line every few seconds, which JSON and HTML may begin with, tells clients and proxies that it is coming. */
async function* patiently(text: Promise<string>): AsyncGenerator<string> {
  for (;;) {
    const timer = new AbortController();
    const done = await Promise.race([text, pause(SIGN_OF_LIFE_MS, undefined, { signal: timer.signal })]).finally(() => timer.abort());
    yield done ?? '\n';
    if (done !== undefined) return;
  }
}
