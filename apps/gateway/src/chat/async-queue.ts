/** A first-in first-out queue between a producer that never waits and one consumer. */
export class AsyncQueue<Item> implements AsyncIterable<Item> {
  private readonly items: Item[] = [];
  private ended = false;
  private failure: { error: unknown } | undefined;
  private wake: (() => void) | undefined;
  private tellFailure: (error: unknown) => void = () => undefined;
  /** Resolves with the error as soon as the producer failed, before the consumer came that far. */
  readonly failed = new Promise<unknown>((resolve) => { this.tellFailure = resolve; });

  push(item: Item): void {
    if (this.ended) return;
    this.items.push(item);
    this.wake?.();
  }

  /** No more items; those already there are still delivered. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Ends with an error, thrown to the consumer after the items already there. */
  fail(error: unknown): void {
    if (this.ended) return;
    this.failure = { error };
    this.tellFailure(error);
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      while (this.items.length > 0) yield this.items.shift() as Item;
      if (this.failure) throw this.failure.error;
      if (this.ended) return;
      await new Promise<void>((resolve) => { this.wake = resolve; });
    }
  }
}

/** Starts reading at once, so that the producer works while nobody listens yet. The producer is stopped by its own signal. */
export function readAhead<Item>(source: AsyncIterable<Item>): AsyncQueue<Item> {
  const queue = new AsyncQueue<Item>();
  const pump = async () => {
    for await (const item of source) queue.push(item);
    queue.end();
  };
  pump().catch((error: unknown) => queue.fail(error));
  return queue;
}
