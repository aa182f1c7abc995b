import { LlamaCoreError } from '../errors.js';
import { untilDeadline } from './deadline.js';
import type { Continuation, ContinuationScore, EngineDescription, EngineSession, QuestionOptions, SessionRequest } from './engine.js';
import { type EngineMessage, type EngineReply, expiry, only } from './engine-messages.js';
import type { WorkerLink } from './worker-link.js';

/** The way to the engine's worker. */
export type EngineLink = Pick<WorkerLink<EngineMessage, EngineReply, EngineDescription>, 'request'>;

/** A session of the local engine: its opening request stays under way until it is closed, so a caller that vanishes frees it. */
export class LocalSession implements EngineSession {
  private over: LlamaCoreError | undefined;

  private constructor(
    private readonly link: EngineLink,
    private readonly id: number,
    private tokens: number,
    private readonly closing: AbortController,
  ) {}

  static async open(link: EngineLink, request: SessionRequest, signal?: AbortSignal): Promise<LocalSession> {
    const closing = new AbortController();
    const lifetime = link.request({ kind: 'session', request, ...expiry(request.deadlineMs) }, signal ? AbortSignal.any([signal, closing.signal]) : closing.signal);
    const { value } = await lifetime.next();
    if (value?.type !== 'session') throw new LlamaCoreError('worker_crashed', `The model worker answered with '${value?.type ?? 'nothing'}'; expected 'session'.`);
    const session = new LocalSession(link, value.session, value.length, closing);
    lifetime.next().catch((error: LlamaCoreError) => { session.over ??= error; });
    return session;
  }

  get length(): number {
    return this.tokens;
  }

  async append(continuation: Continuation): Promise<number> {
    this.tokens = (await this.call({ kind: 'append', session: this.id, continuation }, 'session')).length;
    return this.tokens;
  }

  async truncate(length: number): Promise<void> {
    this.tokens = (await this.call({ kind: 'truncate', session: this.id, length }, 'session')).length;
  }

  async logprobs(tokenIds: readonly number[], options: QuestionOptions = {}): Promise<number[]> {
    return (await this.score(tokenIds.map((id) => [id]), options)).map(({ logprob }) => logprob);
  }

  async score(continuations: readonly Continuation[], { signal, deadlineMs }: QuestionOptions = {}): Promise<ContinuationScore[]> {
    return (await this.call({ kind: 'ask', session: this.id, continuations, ...expiry(deadlineMs) }, 'answer', { signal, deadlineMs })).scores;
  }

  async close(): Promise<void> {
    this.over ??= closed();
    this.closing.abort();
  }

  private call<Type extends EngineReply['type']>(message: EngineMessage, type: Type, { signal, deadlineMs }: QuestionOptions = {}): Promise<Extract<EngineReply, { type: Type }>> {
    if (this.over) return Promise.reject(this.over);
    // Why the session ended says more than that a call came too late.
    return only(untilDeadline(deadlineMs, signal, (either) => this.link.request(message, either)), type).catch((error: unknown) => Promise.reject(this.over ?? error));
  }
}

const closed = () => new LlamaCoreError('invalid_request', 'The session is closed.', { param: 'session' });
