import type { GenerateEvent, GenerateRequest, GeneratorDescription } from '@sallyport/contracts';
import type { CallContext } from '@sallyport/pipeline';

/** One generator model, wherever it runs. Failures are SallyportErrors. */
export interface Backend {
  describe(): GeneratorDescription;
  generate(request: GenerateRequest, call: CallContext): AsyncIterable<GenerateEvent>;
  close(): Promise<void>;
}

/** Nest injection token of the list of backends. */
export const BACKENDS = 'GENERATOR_BACKENDS';
