import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ModelsService } from './models.service.js';

/** `GET /v1/models`: what answers and what judges. */
@ApiTags('models')
@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(ModelsService) private readonly models: ModelsService) {}

  @Get()
  @ApiOperation({ summary: 'Generator and moderation models that run now' })
  @ApiOkResponse({ schema: { example: { object: 'list', data: [{ id: 'smollm2-135m-instruct', object: 'model', created: 1730000000, owned_by: 'HuggingFaceTB', sallyport: { kind: 'generator', context_tokens: 8192 } }] } } })
  async list() {
    return { object: 'list', data: await this.models.list() };
  }
}
