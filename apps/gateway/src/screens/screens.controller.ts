import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readLanguages } from '@sallyport/policy';
import { clientAbort } from '../http/client-abort.js';
import { keyIdOf } from '../http/key-id.js';
import { ScreenDto } from './screen.dto.js';
import { ScreensService } from './screens.service.js';

/** `POST /v1/screens`. */
@ApiTags('screens')
@Controller('v1/screens')
export class ScreensController {
  constructor(@Inject(ScreensService) private readonly screens: ScreensService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Checks a conversation or documents without generating anything' })
  @ApiOkResponse({ description: 'The decision of the policy, its reasons and every verdict.' })
  screen(@Body() body: ScreenDto, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.screens.screen(body, { requestId: request.id, signal: clientAbort(reply), keyId: keyIdOf(request), languages: readLanguages(request.headers['accept-language']) });
  }
}
