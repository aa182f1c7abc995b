import { Controller, Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type ClassifierDescription, PATTERNS, type ScreenReply, type ScreenRequest } from '@sallyport/contracts';
import { PipelineContext } from '@sallyport/pipeline';
import { Screen } from '../screen.js';

/** Message handlers of a screening service. */
@Controller()
export class ScreenController {
  constructor(@Inject(Screen) private readonly screens: Screen) {}

  @MessagePattern(PATTERNS.screen)
  screen(@Payload() request: ScreenRequest, @Ctx() context: PipelineContext): Promise<ScreenReply> {
    return this.screens.screen(request, { signal: context.signal, lane: context.lane });
  }

  @MessagePattern(PATTERNS.describe)
  describe(): ClassifierDescription {
    return this.screens.describe();
  }
}
