import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAbort } from '../http/client-abort.js';
import { keyIdOf } from '../http/key-id.js';
import { ModerationDto } from './moderation.dto.js';
import { ModerationsService } from './moderations.service.js';

/** `POST /v1/moderations`. */
@ApiTags('moderations')
@Controller('v1/moderations')
export class ModerationsController {
  constructor(@Inject(ModerationsService) private readonly moderations: ModerationsService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Scores texts; OpenAI\'s 13 categories and, under `sallyport`, hazards, attacks and the decision of the policy' })
  @ApiOkResponse({ description: 'OpenAI\'s moderation object: one result per text.' })
  moderate(@Body() body: ModerationDto, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.moderations.moderate(body, { signal: clientAbort(reply), keyId: keyIdOf(request), requestId: request.id });
  }
}
