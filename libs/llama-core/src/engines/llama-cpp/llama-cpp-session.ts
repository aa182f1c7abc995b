import type { Continuation, ContinuationScore, EngineSession, QuestionOptions } from '../../engine/engine.js';
import type { PromptEncoder } from '../../engine/prompt-encoder.js';
import { LlamaCoreError } from '../../errors.js';
import type { KeptSequence } from './kept-sequence.js';
import { RequestSignal } from './request-signal.js';

export interface LlamaCppSessionParts {
  sequence: KeptSequence;
  encoder: PromptEncoder;
  closing: AbortSignal;
  tokens: readonly number[];
  onClose(): void;
}

/** A sequence lent for as long as the session is open. */
export class LlamaCppSession implements EngineSession {
  private tokens: number[];
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LlamaCppSessionParts) {
    this.tokens = [...parts.tokens];
  }

  get length(): number {
    return this.tokens.length;
  }

  append(continuation: Continuation): Promise<number> {
    return this.inOrder({}, async () => {
      const ids = await this.parts.encoder.continuation(continuation);
      this.parts.encoder.refuseTooLong(this.tokens.length + ids.length, 0);
      this.tokens.push(...ids);
      return this.tokens.length;
    });
  }

  logprobs(tokenIds: readonly number[], options: QuestionOptions = {}): Promise<number[]> {
    return this.inOrder(options, async () => {
      const known = await this.parts.encoder.continuation(tokenIds);
      const [logprobs] = await this.parts.sequence.logprobs(this.tokens, [known]);
      return logprobs!;
    });
  }

  score(continuations: readonly Continuation[], options: QuestionOptions = {}): Promise<ContinuationScore[]> {
    return this.inOrder(options, async (signal) => scoreAll(this.parts.sequence, this.tokens, await this.parts.encoder.continuations(continuations, this.tokens.length), signal));
  }

  truncate(length: number): Promise<void> {
    return this.inOrder({}, async () => {
      if (!Number.isInteger(length) || length < 1 || length > this.tokens.length) throw new LlamaCoreError('invalid_request', `truncate: expected a length from 1 to ${this.tokens.length}.`, { param: 'length' });
      this.tokens.length = length;
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.last.catch(() => undefined);
    this.parts.onClose();
  }

  private inOrder<Result>({ signal: caller, deadlineMs }: QuestionOptions, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.closed) return Promise.reject(new LlamaCoreError('engine_closed', 'The session is closed.'));
    const request = new RequestSignal({ caller, closing: this.parts.closing, deadlineMs });
    const result = this.last.catch(() => undefined).then(() => {
      request.signal.throwIfAborted();
      return work(request.signal);
    });
    this.last = result.catch(() => undefined).finally(() => request.release());
    return result;
  }
}

/** Scores of continuations of the same tokens, one after the other: only the continuations are computed. */
export async function scoreAll(sequence: KeptSequence, tokens: readonly number[], continuations: ReadonlyArray<readonly number[]>, signal: AbortSignal): Promise<ContinuationScore[]> {
  const scores: ContinuationScore[] = [];
  for (const ids of continuations) {
    signal.throwIfAborted();
    const logprobs = ids.length === 0 ? [] : (await sequence.logprobs([...tokens, ...ids.slice(0, -1)], ids.map((id) => [id]))).flat();
    scores.push({ tokenIds: [...ids], logprobs, logprob: logprobs.reduce((sum, value) => sum + value, 0) });
  }
  return scores;
}
