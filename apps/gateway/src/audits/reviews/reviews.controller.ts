import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AuditProgress, SallyportError } from '@sallyport/contracts';
import { AuditRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../../gateway-options.js';
import { ownerOf } from '../../http/owner.js';
import { AuditsService } from '../audits.service.js';
import { labelRow } from './label-set.js';
import { LabelDto, LabelsQuery, ReviewsQuery } from './review.dto.js';
import { ReviewsService } from './reviews.service.js';

/** The review queue of audits: lines for people, their labels, agreement. */
@ApiTags('audits')
@Controller('v1/audits/:id')
export class ReviewsController {
  constructor(
    @Inject(AuditsService) private readonly audits: AuditsService,
    @Inject(AuditRepository) private readonly repository: AuditRepository,
    @Inject(ReviewsService) private readonly reviews: ReviewsService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  @Get('reviews')
  @ApiOperation({ summary: 'Lines with the decision `review`, or another one, in order: text where the audit keeps it, scores, labels so far' })
  async page(@Param('id') id: string, @Query() query: ReviewsQuery, @Req() request: FastifyRequest) {
    return this.reviews.page(await this.audit(request, id), query);
  }

  @Post('lines/:line/labels')
  @HttpCode(200)
  @ApiOperation({ summary: 'Says of a line that it is harmful or harmless; the same reviewer again replaces what was said' })
  async label(@Param('id') id: string, @Param('line') line: string, @Body() body: LabelDto, @Req() request: FastifyRequest) {
    if (!/^[1-9]\d{0,8}$/.test(line)) throw new SallyportError('not_found', 'A line is a whole number from 1.', { param: 'line' });
    return this.reviews.label(await this.audit(request, id), Number(line), body);
  }

  @Get('labels')
  @ApiOperation({ summary: 'The labelled lines as an evaluation set that `sallyport eval --set` reads' })
  async labels(@Param('id') id: string, @Query() query: LabelsQuery, @Req() request: FastifyRequest) {
    await this.audit(request, id);
    if (!(await this.repository.work(id)).retainText) throw new SallyportError('unprocessable', 'This audit keeps no texts, so its labels are no evaluation set; retain_text true keeps them.', { param: 'id' });
    return new StreamableFile(Readable.from(this.rows(id, query)), { type: 'application/x-ndjson; charset=utf-8' });
  }

  @Get('agreement')
  @ApiOperation({ summary: "Cohen's kappa between reviewers and with the policy, and the thresholds that would have matched the labels best" })
  async agreement(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.reviews.agreement(await this.audit(request, id));
  }

  private async *rows(id: string, { target = 'harm', reviewer }: LabelsQuery): AsyncGenerator<string> {
    for await (const { labels, scored } of this.reviews.labelled(id)) {
      const row = labelRow(labels, scored, { target, reviewer });
      if (row !== '') yield row;
    }
  }

  private audit(request: FastifyRequest, id: string): Promise<AuditProgress> {
    return this.audits.get(ownerOf(request, this.settings), id);
  }
}
