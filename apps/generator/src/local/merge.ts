/** Items of several streams as they come. Leaving the loop ends all of them; the first failure is thrown. */
export async function* merge<Item>(streams: ReadonlyArray<AsyncIterable<Item>>): AsyncGenerator<Item> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const next = (at: number) => iterators[at]!.next().then((result) => ({ at, result }));
  const waiting = new Map(iterators.map((_, at) => [at, next(at)]));
  try {
    while (waiting.size > 0) {
      const { at, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(at);
      else {
        waiting.set(at, next(at));
        yield result.value;
      }
    }
  } finally {
    for (const promise of waiting.values()) promise.catch(() => undefined);
    await Promise.all(iterators.map((iterator) => iterator.return?.(undefined).catch(() => undefined)));
  }
}
