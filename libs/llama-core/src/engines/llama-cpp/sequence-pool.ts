import { LlamaCoreError } from '../../errors.js';
import type { KeptSequence } from './kept-sequence.js';

interface Waiter {
  tokens: readonly number[];
  take(sequence: KeptSequence): void;
  signal: AbortSignal;
}

/** Sequences that are lent one by one; who comes when all are out waits in line. */
export class SequencePool {
  private readonly waiting: Waiter[] = [];

  constructor(
    private readonly free: KeptSequence[],
    private readonly maxWaiting: number,
  ) {}

  /** The free sequence that holds most of these tokens. @throws LlamaCoreError `overloaded`, or the signal's reason. */
  take(tokens: readonly number[], signal: AbortSignal): Promise<KeptSequence> {
    signal.throwIfAborted();
    const best = this.free.toSorted((a, b) => b.sharedLength(tokens) - a.sharedLength(tokens))[0];
    if (best) {
      this.free.splice(this.free.indexOf(best), 1);
      return Promise.resolve(best);
    }
    if (this.waiting.length >= this.maxWaiting) throw new LlamaCoreError('overloaded', `${this.waiting.length} requests are waiting already; try again later.`);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { tokens, take: resolve, signal };
      this.waiting.push(waiter);
      signal.addEventListener('abort', () => {
        const at = this.waiting.indexOf(waiter);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        reject(signal.reason as Error);
      }, { once: true });
    });
  }

  giveBack(sequence: KeptSequence): void {
    const next = this.waiting.shift();
    if (next) next.take(sequence);
    else this.free.push(sequence);
  }
}
