import { LlamaCoreError } from '../../errors.js';

/** One signal for all that may end a request early; its reason is the error to throw. */
export class RequestSignal {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly links: Array<() => void> = [];

  constructor({ caller, closing, deadlineMs }: { caller: AbortSignal | undefined; closing: AbortSignal; deadlineMs: number | undefined }) {
    this.follow(closing, () => new LlamaCoreError('engine_closed', 'The engine is closed.'));
    if (caller) this.follow(caller, () => new LlamaCoreError('cancelled', 'The request was cancelled by its caller.'));
    if (deadlineMs !== undefined) this.timer = setTimeout(() => this.controller.abort(new LlamaCoreError('deadline_exceeded', `The answer was not there within ${deadlineMs} ms.`)), deadlineMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Lets go of timer and listeners. */
  release(): void {
    clearTimeout(this.timer);
    for (const unlink of this.links) unlink();
  }

  private follow(signal: AbortSignal, reason: () => LlamaCoreError): void {
    const abort = () => this.controller.abort(reason());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.links.push(() => signal.removeEventListener('abort', abort));
  }
}
