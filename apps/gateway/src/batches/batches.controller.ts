import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { keyIdOf } from '../http/key-id.js';
import { ownerOf } from '../http/owner.js';
import { CreateBatchDto, ListBatchesQuery } from './batch.dto.js';
import { BatchesService } from './batches.service.js';

const DEFAULT_LIMIT = 20;

/** `/v1/batches`: OpenAI's Batch API for moderations and chat completions. */
@ApiTags('batches')
@Controller('v1/batches')
export class BatchesController {
  constructor(@Inject(BatchesService) private readonly batches: BatchesService, @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Starts a batch: every line of the input file is one request, at most 50,000' })
  @ApiOkResponse({ description: "OpenAI's batch object. Faults of the input file are in `errors` once `status` is `failed`." })
  create(@Body() body: CreateBatchDto, @Req() request: FastifyRequest) {
    return this.batches.create(body, { owner: this.owner(request), keyId: keyIdOf(request) });
  }

  @Get()
  @ApiOperation({ summary: 'Batches of this API key, newest first' })
  @ApiOkResponse({ description: '{object: "list", data, first_id, last_id, has_more}' })
  list(@Query() { limit = DEFAULT_LIMIT, after }: ListBatchesQuery, @Req() request: FastifyRequest) {
    return this.batches.list(this.owner(request), { limit, after });
  }

  @Get(':id')
  @ApiOperation({ summary: 'Status, counts and files of a batch' })
  @ApiOkResponse({ description: "OpenAI's batch object." })
  get(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.batches.get(this.owner(request), id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels a batch; what is done by then is in the output file, the rest in the error file as `batch_cancelled`' })
  @ApiOkResponse({ description: "OpenAI's batch object, with `status` `cancelling`, then `cancelled`. 409 for a batch that ended otherwise." })
  cancel(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.batches.cancel(this.owner(request), id);
  }

  private owner(request: FastifyRequest): string {
    return ownerOf(request, this.settings);
  }
}
