import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readLanguages } from '@sallyport/policy';
import { clientAbort } from '../http/client-abort.js';
import { keyIdOf } from '../http/key-id.js';
import { ChatCompletionDto } from './chat-completion.dto.js';
import { ChatService } from './chat.service.js';

/** `POST /v1/chat/completions`: OpenAI's contract, with every text screened on its way in and out. */
@ApiTags('chat')
@Controller('v1/chat/completions')
export class ChatController {
  constructor(@Inject(ChatService) private readonly chat: ChatService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'One screened chat turn, as JSON or as server-sent events' })
  @ApiOkResponse({ description: 'OpenAI\'s chat completion with `moderation` and `sallyport`. A blocked turn has `finish_reason: "content_filter"` and the refusal of the policy.' })
  async create(@Body() body: ChatCompletionDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const run = await this.chat.begin(body, { requestId: request.id, clientSignal: clientAbort(reply), keyId: keyIdOf(request), languages: readLanguages(request.headers['accept-language']) });
    if (body.stream) await this.chat.stream(run, reply);
    else await reply.type('application/json; charset=utf-8').send(await this.chat.complete(run));
  }
}
