import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { ownerOf } from '../http/owner.js';
import { pageOf } from '../http/page.js';
import { ListFilesQuery } from './file.dto.js';
import { FilesService } from './files.service.js';

const DEFAULT_LIMIT = 10_000;
const EXAMPLE = { id: 'file-1f0c…', object: 'file', bytes: 1_200, created_at: 1_764_061_200, filename: 'requests.jsonl', purpose: 'batch', status: 'processed' };

/** `/v1/files`: inputs and outputs of batches. */
@ApiTags('files')
@Controller('v1/files')
export class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService, @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Uploads the input file of a batch: JSON lines, at most 200 MiB' })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: { type: 'object', required: ['file', 'purpose'], properties: { file: { type: 'string', format: 'binary' }, purpose: { type: 'string', enum: ['batch'] }, 'expires_after[anchor]': { type: 'string', enum: ['created_at'] }, 'expires_after[seconds]': { type: 'integer', minimum: 3_600, maximum: 2_592_000 } } } })
  @ApiOkResponse({ schema: { example: EXAMPLE } })
  upload(@Req() request: FastifyRequest) {
    return this.files.upload(request);
  }

  @Get()
  @ApiOperation({ summary: 'Files of this API key, newest first' })
  @ApiOkResponse({ schema: { example: { object: 'list', data: [EXAMPLE], first_id: EXAMPLE.id, last_id: EXAMPLE.id, has_more: false } } })
  async list(@Query() { limit = DEFAULT_LIMIT, order = 'desc', after, purpose }: ListFilesQuery, @Req() request: FastifyRequest) {
    return pageOf(await this.files.list(this.owner(request), { limit: limit + 1, order, after, purpose }), limit);
  }

  @Get(':id')
  @ApiOperation({ summary: 'What a file is' })
  @ApiOkResponse({ schema: { example: EXAMPLE } })
  get(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.files.get(this.owner(request), id);
  }

  @Get(':id/content')
  @ApiOperation({ summary: 'The content of a file' })
  @ApiProduces('application/octet-stream')
  async content(@Param('id') id: string, @Req() request: FastifyRequest) {
    const { file, bytes } = await this.files.content(this.owner(request), id);
    return new StreamableFile(bytes, { type: 'application/octet-stream', length: file.bytes });
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Removes a file. A batch that has begun keeps its lines' })
  @ApiOkResponse({ schema: { example: { id: EXAMPLE.id, object: 'file', deleted: true } } })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest) {
    await this.files.delete(this.owner(request), id);
    return { id, object: 'file', deleted: true };
  }

  private owner(request: FastifyRequest): string {
    return ownerOf(request, this.settings);
  }
}
