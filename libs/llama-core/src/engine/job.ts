import type { Lane } from '../scheduling/scheduled-sequence.js';

/** What a job wants after all its tokens are computed: go on with more, keep its memory and wait, or be forgotten. `keep`: so many tokens from the start are as before. */
export type Next = { kind: 'continue' | 'rest'; keep: number } | { kind: 'over' };

/** One sequence of tokens that the loop computes, and what happens with its logits. It is told the same logits again when its memory had to be given up meanwhile. */
export interface Job {
  readonly lane: Lane;
  readonly adapter: string | undefined;
  /** Moment, as of `Date.now()`, at which it fails with `deadline_exceeded`. */
  readonly expiresAt: number | undefined;
  readonly tokens: readonly number[];
  /** Logits are wanted from this position on. */
  readonly wantFrom: number;
  /** Tokens from the start that are worth keeping for others. */
  readonly shared: number;
  /** The first token is about to be computed; `cachedTokens` before it come from the prefix cache. */
  started(cachedTokens: number): void;
  /** Takes the logits [vocabulary] after the token at `position`. */
  accept(position: number, logits: Float32Array): void;
  proceed(): Next;
  fail(error: unknown): Next;
}
