import { Controller, Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type GenerateEvent, type GenerateRequest, type GeneratorDescription, PATTERNS, SallyportError } from '@sallyport/contracts';
import { PipelineContext } from '@sallyport/pipeline';
import { type Backend, BACKENDS } from './backend.js';

/** Streams answers of the models that this service runs or forwards to. */
@Controller()
export class GeneratorController {
  constructor(@Inject(BACKENDS) private readonly backends: readonly Backend[]) {}

  @MessagePattern(PATTERNS.generate)
  generate(@Payload() request: GenerateRequest, @Ctx() context: PipelineContext): AsyncIterable<GenerateEvent> {
    const backend = this.backends.find((candidate) => candidate.describe().id === request.model);
    if (!backend) throw new SallyportError('model_not_found', `There is no such model; this server has ${this.backends.map((known) => known.describe().id).join(', ')}.`, { param: 'model' });
    return backend.generate(request, context);
  }

  @MessagePattern(PATTERNS.describe)
  describe(): { models: GeneratorDescription[] } {
    return { models: this.backends.map((backend) => backend.describe()) };
  }
}
