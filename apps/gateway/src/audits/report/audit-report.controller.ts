import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
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
    const report = await this.reports.report(await this.audits.get(ownerOf(request, this.settings), id), query.draft, clientAbort(reply));
    if (query.format !== 'html') return report;
    void reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).header('content-disposition', `inline; filename="${id}.html"`);
    return auditPage(report);
  }
}
