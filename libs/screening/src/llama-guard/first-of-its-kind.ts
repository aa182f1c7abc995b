import { LRUCache } from 'lru-cache';

const KINDS_KEPT = 256;

/** Lets the first action of a kind finish before the others of that kind begin; afterwards they run freely. */
export class FirstOfItsKind {
  private readonly firsts = new LRUCache<string, Promise<void>>({ max: KINDS_KEPT });

  async run<Result>(kind: string, action: () => Promise<Result>): Promise<Result> {
    const first = this.firsts.get(kind);
    if (first) {
      await first;
      return action();
    }
    const result = action();
    // One that failed has left nothing behind, so the next is the first again.
    this.firsts.set(kind, result.then(() => undefined, () => { this.firsts.delete(kind); }));
    return result;
  }
}
