import { SallyportError } from '@sallyport/contracts';

/** Fields that change an answer and that a plain text model cannot honour; others (`user`, `metadata`, `store` …) change nothing and are let be. */
const REFUSED = ['tools', 'functions', 'function_call', 'web_search_options', 'reasoning_effort', 'verbosity'];

/** Throws `unsupported_feature` for the first field that cannot be honoured: dropping it in silence would answer another question. */
export function refuseForeignFields(passthrough: Record<string, unknown> = {}): void {
  const field = REFUSED.find((name) => passthrough[name] !== undefined) ?? (mustCall(passthrough['tool_choice']) ? 'tool_choice' : undefined);
  if (field !== undefined) throw new SallyportError('unsupported_feature', `The built-in generator does not support '${field}'; route the model to an upstream that does.`, { param: field });
}

const mustCall = (choice: unknown): boolean => choice !== undefined && choice !== 'none' && choice !== 'auto';
