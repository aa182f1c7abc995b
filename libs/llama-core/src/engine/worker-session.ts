import { LlamaCoreError } from '../errors.js';
import type { ContinuationScore } from './engine.js';
import type { EngineLoop } from './engine-loop.js';
import type { SessionMessage } from './engine-messages.js';
import type { PromptEncoder } from './prompt-encoder.js';
import type { Question, SessionJob } from './session-job.js';

export interface WorkerSessionParts {
  id: number;
  job: SessionJob;
  loop: EngineLoop;
  encoder: PromptEncoder;
}

export const sessionClosed = () => new LlamaCoreError('invalid_request', 'The session is closed.', { param: 'session' });

/** A session as the worker serves it: one call after the other, in the order they came. */
export class WorkerSession {
  private last: Promise<unknown> = Promise.resolve();
  private question: Question | undefined;
  private closed = false;

  constructor(private readonly parts: WorkerSessionParts) {}

  get length(): number {
    return this.parts.job.length;
  }

  /** Runs after the calls before it. */
  call<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(() => {
      if (this.closed) throw sessionClosed();
      return action();
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  async append({ continuation }: Extract<SessionMessage, { kind: 'append' }>): Promise<void> {
    const { encoder, job } = this.parts;
    const ids = await encoder.continuation(continuation);
    encoder.refuseTooLong(job.length, ids.length);
    job.append(ids);
  }

  async truncate({ length }: Extract<SessionMessage, { kind: 'truncate' }>): Promise<void> {
    const { job, loop, id } = this.parts;
    if (!Number.isInteger(length) || length < 1 || length > job.length) throw new LlamaCoreError('invalid_request', `A session of ${job.length} tokens cannot be cut back to ${length}.`, { param: 'length' });
    job.truncate(length);
    loop.cutBack(id, length);
  }

  /** `begun` is told how to stop it. */
  async ask({ continuations, expiresAt }: Extract<SessionMessage, { kind: 'ask' }>, begun: (stop: (error: unknown) => void) => void): Promise<ContinuationScore[]> {
    const { encoder, job, loop, id } = this.parts;
    const encoded = await encoder.continuations(continuations, job.length);
    if (this.closed) throw sessionClosed();
    return new Promise((resolve, reject) => {
      const question: Question = { continuations: encoded, expiresAt, answered: resolve, failed: reject };
      this.question = question;
      job.ask(question);
      loop.resume(id);
      begun((error) => loop.fail(id, error, () => job.isAsked(question)));
    });
  }

  close(): void {
    this.closed = true;
    this.parts.loop.cancel(this.parts.id);
    this.question?.failed(sessionClosed());
  }
}
