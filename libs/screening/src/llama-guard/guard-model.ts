import type { GuardPrompt, LlamaGuardVersion, PromptPart } from '@sallyport/policy';
import type { ScreenOptions } from '../screen.js';

/** What a Llama Guard says of one prompt. */
export interface GuardAnswer {
  /** P(unsafe) 0–1; undefined when the model gave neither of its two verdicts. */
  unsafe: number | undefined;
  /** How P(unsafe) is shared out among the prompt's codes, 0–1 each. */
  shares: ReadonlyMap<string, number>;
  promptTokens: number;
  /** Prompt tokens that were not computed again. */
  cachedTokens: number;
  queueMs: number;
  inferenceMs: number;
}

/** A conversation to be judged, for models that are sent messages. */
export interface GuardCase {
  prompt: GuardPrompt;
  messages: ReadonlyArray<{ role: 'user' | 'assistant'; content: string }>;
}

export interface GuardModelInfo {
  version: LlamaGuardVersion;
  /** What runs it, as verdicts name it. */
  engine: string;
  /** Empty where it cannot be known. */
  sha256: string;
  /** Tokens that a prompt may have; Infinity where only the server knows. */
  maxPromptTokens: number;
  /** Whether it is asked about the policy's own categories, and not about excluded ones. */
  takesPolicies: boolean;
}

/** One Llama Guard, wherever it runs. */
export interface GuardModel {
  describe(): GuardModelInfo;
  countTokens(parts: readonly PromptPart[]): Promise<number>;
  /** @throws LlamaCoreError */
  ask(asked: GuardCase, options?: ScreenOptions): Promise<GuardAnswer>;
  close(): Promise<void>;
}
