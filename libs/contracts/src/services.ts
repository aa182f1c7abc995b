import type { GenerateEvent, GenerateRequest, GeneratorDescription } from './generation.js';
import type { ClassifierDescription, ScreenReply, ScreenRequest } from './screening.js';

/** Services that answer messages. The name is also the queue's name. */
export const SERVICES = ['guard', 'prompt-guard', 'generator'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Online work has a person waiting; batch work never delays it. */
export const LANES = ['online', 'batch'] as const;
export type Lane = (typeof LANES)[number];

/** Message patterns by service. `describe` answers at once and doubles as a readiness probe. */
export const PATTERNS = {
  screen: 'screen',
  generate: 'generate',
  describe: 'describe',
} as const;

/** Request and reply of every pattern, by service: the whole internal wire contract. */
export interface ServiceContract {
  guard: { screen: [ScreenRequest, ScreenReply]; describe: [Record<string, never>, ClassifierDescription] };
  'prompt-guard': { screen: [ScreenRequest, ScreenReply]; describe: [Record<string, never>, ClassifierDescription] };
  generator: { generate: [GenerateRequest, GenerateEvent]; describe: [Record<string, never>, { models: GeneratorDescription[] }] };
}

export interface CallOptions {
  /** Milliseconds from now after which the call fails with `deadline_exceeded` and the work is cancelled. */
  deadlineMs: number;
  signal?: AbortSignal;
  lane?: Lane;
}

/** How one service calls another, whatever the transport. Failures are always SallyportError. */
export interface ServiceClient {
  /** One request, one reply. */
  call<Reply>(pattern: string, data: unknown, options: CallOptions): Promise<Reply>;
  /** One request, many replies. Leaving the loop or aborting the signal cancels the work on the other side. */
  stream<Item>(pattern: string, data: unknown, options: CallOptions): AsyncIterable<Item>;
  /** True when at least one live worker serves the service now. */
  available(): Promise<boolean>;
}

/** Nest injection token of the client of a service. */
export const clientToken = (service: ServiceName): string => `SERVICE_CLIENT(${service})`;
