import { setTimeout as sleep } from 'node:timers/promises';
import { SallyportError, type ServiceClient } from '@sallyport/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handlers } from './handlers.js';

/** A transport under test: servers of the service `guard`, and one client of it. */
export interface TransportUnderTest {
  client: ServiceClient;
  serve(handlers: Handlers): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

const call = { deadlineMs: 10_000 };
const forever = (signal: AbortSignal) => new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }); });

async function waitUntil(condition: () => boolean, withinMs = 5_000): Promise<void> {
  for (let waited = 0; !condition() && waited < withinMs; waited += 20) await sleep(20);
  expect(condition()).toBe(true);
}

/** The contract that every transport keeps. */
export function describeTransport(name: string, open: () => Promise<TransportUnderTest>): void {
  describe(name, () => {
    let transport: TransportUnderTest;
    const using = async (handlers: Handlers) => {
      transport = await open();
      await transport.serve(handlers);
      return transport.client;
    };
    afterEach(() => transport.close());

    it('carries a request and its reply, as copies', async () => {
      const client = await using({ echo: async (data) => data });
      const data = { text: 'grüße \u{1F600}', list: [1, null, { a: true }] };
      const reply = await client.call('echo', data, call);
      expect(reply).toEqual(data);
      expect(reply).not.toBe(data);
    });

    it('carries a megabyte', async () => {
      const client = await using({ length: async (data) => (data as string).length });
      expect(await client.call('length', 'x'.repeat(1_000_000), call)).toBe(1_000_000);
    });

    it('streams many items in order', async () => {
      const client = await using({
        count: async function* (data) {
          for (let i = 0; i < (data as number); i++) yield i;
        },
      });
      const seen: number[] = [];
      for await (const item of client.stream<number>('count', 300, call)) seen.push(item);
      expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i));
    });

    it('delivers items while the handler is still working', async () => {
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => { release = resolve; });
      const client = await using({
        two: async function* () {
          yield 1;
          await released;
          yield 2;
        },
      });
      const iterator = client.stream<number>('two', null, call)[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toBe(1);
      release();
      expect((await iterator.next()).value).toBe(2);
    });

    it('cancels by signal on both sides', async () => {
      let aborted = false;
      const client = await using({
        wait: async (_, { signal }) => {
          await forever(signal);
          aborted = true;
        },
      });
      const controller = new AbortController();
      const waiting = client.call('wait', null, { ...call, signal: controller.signal });
      setTimeout(() => controller.abort(), 100);
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      await waitUntil(() => aborted);
    });

    it('cancels a stream whose reader leaves the loop', async () => {
      let aborted = false;
      const client = await using({
        endless: async function* (_, { signal }) {
          for (let i = 0; !signal.aborted; i++) {
            yield i;
            await sleep(5);
          }
          aborted = true;
        },
      });
      for await (const item of client.stream<number>('endless', null, call)) if (item === 3) break;
      await waitUntil(() => aborted);
    });

    it('ends at the deadline and aborts the handler', async () => {
      let aborted = false;
      const client = await using({
        wait: async (_, { signal }) => {
          await forever(signal);
          aborted = true;
        },
      });
      await expect(client.call('wait', null, { deadlineMs: 200 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
      await waitUntil(() => aborted);
    });

    it('keeps code, field and retry time of an error, in a reply and in a stream', async () => {
      const error = new SallyportError('overloaded', 'full', { param: 'subjects', retryAfterS: 7 });
      const client = await using({
        fail: async () => Promise.reject(error),
        failLate: async function* () {
          yield 1;
          throw error;
        },
      });
      const expected = { code: 'overloaded', message: 'full', param: 'subjects', retryAfterS: 7 };
      await expect(client.call('fail', null, call)).rejects.toMatchObject(expected);
      const iterator = client.stream('failLate', null, call)[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toBe(1);
      await expect(iterator.next()).rejects.toMatchObject(expected);
    });

    it('does not repeat the text of a foreign error', async () => {
      const client = await using({ leak: async () => Promise.reject(new Error('secret prompt')) });
      await expect(client.call('leak', null, call)).rejects.toMatchObject({ code: 'internal_error', message: expect.not.stringContaining('secret') });
    });

    it('names an unknown pattern', async () => {
      const client = await using({});
      await expect(client.call('nothing', null, call)).rejects.toMatchObject({ code: 'not_found', param: 'nothing' });
    });

    it('says at once that nobody serves', async () => {
      transport = await open();
      const started = performance.now();
      await expect(transport.client.call('echo', null, call)).rejects.toMatchObject({ code: 'service_unavailable' });
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(await transport.client.available()).toBe(false);
    });

    it('shares 64 concurrent calls between two servers', async () => {
      transport = await open();
      const served = [0, 0];
      for (const server of [0, 1])
        await transport.serve({
          work: async (data) => {
            served[server]! += 1;
            await sleep(20);
            return data;
          },
        });
      const replies = await Promise.all(Array.from({ length: 64 }, (_, i) => transport.client.call('work', i, call)));
      expect(replies).toEqual(Array.from({ length: 64 }, (_, i) => i));
      expect(Math.min(...served)).toBeGreaterThan(0);
      expect(served[0]! + served[1]!).toBe(64);
    });

    it('tells the handler the lane and when the call has to be over', async () => {
      const client = await using({ context: async (_, { lane, deadlineAt }) => ({ lane, deadlineAt }) });
      const before = Date.now();
      const { lane, deadlineAt } = await client.call<{ lane: string; deadlineAt: number }>('context', null, { deadlineMs: 30_000, lane: 'batch' });
      expect(lane).toBe('batch');
      expect(deadlineAt).toBeGreaterThanOrEqual(before + 30_000);
      expect(deadlineAt).toBeLessThanOrEqual(Date.now() + 30_000);
    });

    it('lets online calls pass a full batch lane', async () => {
      const client = await using({
        slow: async (_, { signal }) => { await Promise.race([sleep(3_000), forever(signal)]); },
        quick: async () => 'done',
      });
      const controller = new AbortController();
      const batch = Array.from({ length: 20 }, () => client.call('slow', null, { ...call, lane: 'batch', signal: controller.signal }).catch(() => undefined));
      await sleep(50);
      const started = performance.now();
      expect(await client.call('quick', null, { ...call, lane: 'online' })).toBe('done');
      expect(performance.now() - started).toBeLessThan(1_500);
      controller.abort();
      await Promise.all(batch);
    });
  });
}
