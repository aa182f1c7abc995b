import type { TokenAlternatives } from './answer.js';
import type { HoldBack, HoldBackCheck } from './hold-back.js';

/** What a gate calls: a screen for a piece of the answer, and an outlet for what may leave. */
export interface ChannelGateParts {
  hold: HoldBack;
  /** Resolves to true when the piece may leave. Rejecting fails the whole turn. */
  passes(check: HoldBackCheck): Promise<boolean>;
  release(text: string, logprobs: TokenAlternatives[]): void;
  now(): number;
}

/**
 * Lets one text of a streamed answer out as far as it was checked. Checks run one at a time while generation goes on.
 * `settled` resolves to true when the whole text left, to false at a violation, and rejects when a check could not be made.
 */
export class ChannelGate {
  readonly settled: Promise<boolean>;
  private settle!: { resolve(passed: boolean): void; reject(error: unknown): void };
  private readonly tokens: Array<{ endOffset: number; logprobs: TokenAlternatives[] }> = [];
  private length = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly parts: ChannelGateParts) {
    this.settled = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
    // The turn awaits `settled` only at its end; until then a failure must not count as unhandled.
    this.settled.catch(() => undefined);
  }

  push(text: string, logprobs: TokenAlternatives[] = []): void {
    if (this.closed) return;
    this.length += text.length;
    if (logprobs.length > 0) this.tokens.push({ endOffset: this.length, logprobs });
    this.parts.hold.push(text, this.parts.now());
    this.advance();
  }

  /** No more text: the final check runs and then the rest leaves. */
  finish(): void {
    if (this.closed) return;
    this.parts.hold.finish();
    this.advance();
  }

  /** Drops everything that has not left. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private advance(): void {
    if (this.closed) return;
    this.emit();
    const check = this.parts.hold.nextCheck(this.parts.now());
    if (check) this.run(check).catch((error: unknown) => this.fail(error));
    else if (this.parts.hold.done) this.complete();
    else this.wakeWhenOverdue();
  }

  private async run(check: HoldBackCheck): Promise<void> {
    const passed = await this.parts.passes(check);
    if (this.closed) return;
    if (passed) {
      this.parts.hold.pass(check);
      return this.advance();
    }
    this.parts.hold.block(check);
    this.close();
    this.settle.resolve(false);
  }

  private complete(): void {
    this.emit();
    this.close();
    this.settle.resolve(true);
  }

  private fail(error: unknown): void {
    if (this.closed) return;
    this.close();
    this.settle.reject(error);
  }

  /** Log-probabilities leave with the last character of their tokens, never before. */
  private emit(): void {
    const text = this.parts.hold.take();
    const out: TokenAlternatives[] = [];
    while (this.tokens[0] && this.tokens[0].endOffset <= this.parts.hold.released) out.push(...(this.tokens.shift()?.logprobs ?? []));
    if (text !== '' || out.length > 0) this.parts.release(text, out);
  }

  private wakeWhenOverdue(): void {
    clearTimeout(this.timer);
    const dueAtMs = this.parts.hold.dueAtMs;
    if (dueAtMs !== undefined) this.timer = setTimeout(() => this.advance(), Math.max(1, dueAtMs - this.parts.now()));
  }
}
