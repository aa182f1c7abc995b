import { describe, expect, it } from 'vitest';
import { AsyncQueue, readAhead } from './async-queue.js';

async function drain<Item>(queue: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe('AsyncQueue', () => {
  it('delivers in order, also what comes while the consumer waits', async () => {
    const queue = new AsyncQueue<number>();
    queue.push(1);
    const all = drain(queue);
    setImmediate(() => {
      queue.push(2);
      queue.push(3);
      queue.end();
      queue.push(4);
    });
    expect(await all).toEqual([1, 2, 3]);
  });

  it('throws its failure after the items that came before it', async () => {
    const queue = new AsyncQueue<number>();
    queue.push(1);
    queue.fail(new Error('broken'));
    const seen: number[] = [];
    await expect((async () => { for await (const item of queue) seen.push(item); })()).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });
});

describe('readAhead', () => {
  it('starts the source before anyone listens and passes its failure on', async () => {
    let started = false;
    const queue = readAhead((async function* () {
      started = true;
      yield 1;
      throw new Error('source');
    })());
    expect(started).toBe(true);
    await expect(drain(queue)).rejects.toThrow('source');
  });
});
