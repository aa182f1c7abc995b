import { type CallOptions, SallyportError } from '@sallyport/contracts';
import type { ReplyEntry } from './handlers.js';

/** The caller's side of one call: collects entries, watches deadline and signal, and tells the other side when nobody listens any more. */
export class PendingCall {
  private readonly entries: ReplyEntry[] = [];
  private failure: SallyportError | undefined;
  private wake: () => void = () => undefined;
  private finished = false;
  private delivered = false;
  private attempt: number | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = () => this.fail(new SallyportError('cancelled', 'The call was cancelled by its caller.'));

  constructor(
    private readonly options: CallOptions,
    /** Called once when the call ends before its answer is complete. */
    private readonly abandon: () => void,
  ) {
    this.timer = setTimeout(() => this.fail(new SallyportError('deadline_exceeded', `No answer within ${options.deadlineMs} ms.`)), options.deadlineMs);
    if (options.signal?.aborted) this.onAbort();
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get failed(): boolean {
    return this.failure !== undefined;
  }

  /** Takes an entry of the answer. A second attempt, after its worker died, may replace the first only while nothing was handed on. */
  deliver(entry: ReplyEntry, attempt = 1): void {
    if (this.finished || this.failure) return;
    if (this.attempt !== undefined && attempt < this.attempt) return;
    if (this.attempt !== undefined && attempt > this.attempt) {
      if (this.delivered) {
        this.fail(new SallyportError('worker_lost', 'The worker died in the middle of its answer; try again.', { retryAfterS: 1 }));
        return;
      }
      this.entries.length = 0;
    }
    this.attempt = attempt;
    this.entries.push(entry);
    this.wake();
  }

  fail(error: SallyportError): void {
    if (this.finished || this.failure) return;
    this.failure = error;
    this.wake();
  }

  async reply<Reply>(): Promise<Reply> {
    for await (const entry of this.answer()) if (entry.kind === 'reply') return entry.data as Reply;
    throw new SallyportError('internal_error', 'The service streamed where one reply was expected.');
  }

  async *items<Item>(): AsyncGenerator<Item> {
    for await (const entry of this.answer()) {
      if (entry.kind === 'reply') throw new SallyportError('internal_error', 'The service replied once where a stream was expected.');
      if (entry.kind === 'item') yield entry.data as Item;
    }
  }

  private async *answer(): AsyncGenerator<Extract<ReplyEntry, { data: unknown }>> {
    try {
      for (;;) {
        if (this.failure) throw this.failure;
        const entry = this.entries.shift();
        if (!entry) {
          await new Promise<void>((resolve) => { this.wake = resolve; });
          continue;
        }
        if (entry.kind === 'item') this.delivered = true;
        else this.finished = true;
        if (entry.kind === 'error') throw SallyportError.fromPayload(entry.error);
        if (entry.kind === 'end') return;
        yield entry;
        if (entry.kind === 'reply') return;
      }
    } finally {
      this.close();
    }
  }

  private close(): void {
    clearTimeout(this.timer);
    this.options.signal?.removeEventListener('abort', this.onAbort);
    if (!this.finished) this.abandon();
    this.finished = true;
  }
}
