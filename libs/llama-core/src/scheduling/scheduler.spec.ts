import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_TOKENS, blockKeys } from './block-keys.js';
import { Scheduler, type SchedulerLimits } from './scheduler.js';
import { run, SchedulerModel } from './scheduler-model.fixture.js';

const limits: SchedulerLimits = { maxRunning: 3, maxWaiting: 2, stepTokens: 128, kvTokens: 1000, prefixTokens: 0 };
const online = (id: number, length: number) => ({ id, lane: 'online' as const, length, keys: [] });
const batch = (id: number, length: number) => ({ ...online(id, length), lane: 'batch' as const });

describe('Scheduler', () => {
  it('reads a prompt in chunks, longer ones while nobody decodes, and then decodes', () => {
    const scheduler = new Scheduler({ ...limits, stepTokens: 64 });
    scheduler.add(online(1, 150));
    expect(scheduler.next()).toMatchObject({ decode: [], prefill: [{ id: 1, from: 0, count: 128 }] });
    expect(scheduler.next()).toMatchObject({ decode: [], prefill: [{ id: 1, from: 128, count: 22 }] });
    scheduler.resize(1, { keep: 150, length: 151 });
    expect(scheduler.next()).toMatchObject({ decode: [[1]], prefill: [] });
    expect(scheduler.next()).toBeUndefined();
  });

  it('mixes prompts with answers within one budget, and a long prompt does not hold up a short one', () => {
    const scheduler = new Scheduler(limits);
    scheduler.add(online(1, 10));
    scheduler.next();
    scheduler.resize(1, { keep: 10, length: 11 });
    scheduler.add(online(2, 500));
    scheduler.add(online(3, 20));
    const step = scheduler.next()!;
    expect(step.decode).toEqual([[1]]);
    expect(step.prefill).toEqual([{ id: 2, from: 0, count: 64, blocks: [] }, { id: 3, from: 0, count: 20, blocks: [] }]);
  });

  it('decodes sequences of similar length together, and not with one that they would be padded to', () => {
    const scheduler = new Scheduler({ ...limits, stepTokens: 1000, kvTokens: 1200 });
    for (const [id, length] of [[1, 20], [2, 700], [3, 145]] as const) scheduler.add(online(id, length));
    while (scheduler.next());
    for (const [id, length] of [[1, 20], [2, 700], [3, 145]] as const) scheduler.resize(id, { keep: length, length: length + 1 });
    expect(scheduler.next()!.decode).toEqual([[2], [3, 1]]);
  });

  it('refuses when the queue of a lane is full, and only that lane', () => {
    const scheduler = new Scheduler(limits);
    expect([1, 2, 3, 4, 5, 6].map((id) => scheduler.add(online(id, 10)))).toEqual([true, true, true, true, true, false]);
    scheduler.next();
    expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([3, 2]);
    expect(scheduler.add(batch(7, 10))).toBe(true);
    scheduler.remove(1);
    expect(scheduler.add(online(8, 10))).toBe(true);
  });

  it('takes memory from the youngest, who computes again; the oldest goes on', () => {
    const scheduler = new Scheduler({ ...limits, kvTokens: 200 });
    scheduler.add(online(1, 60));
    scheduler.add(online(2, 60));
    scheduler.next();
    const lengths = new Map([[1, 60], [2, 60]]);
    const dropped: number[] = [];
    for (let i = 0; i < 80; i++) {
      for (const [id, length] of lengths) if (!dropped.includes(id)) {
        scheduler.resize(id, { keep: length, length: length + 1 });
        lengths.set(id, length + 1);
      }
      const step = scheduler.next()!;
      dropped.push(...step.drop);
      expect(step.decode.flat()).toContain(1);
      expect(scheduler.heldTokens).toBeLessThanOrEqual(200);
    }
    expect(dropped).toEqual([2]);
    expect(scheduler.preemptions).toBe(1);
    scheduler.remove(1);
    expect(scheduler.next()).toMatchObject({ prefill: [{ id: 2, from: 0 }] });
  });

  it('takes the memory of whoever waits, however long, before it stands still', () => {
    const scheduler = new Scheduler({ ...limits, maxRunning: 1, kvTokens: 200 });
    scheduler.add(batch(1, 60));
    scheduler.next();
    scheduler.resize(1, { keep: 60, length: 61 });
    scheduler.add(online(2, 60));
    for (let length = 60; length < 190; length++) {
      // By now the batch sequence has waited so long that it comes first, but its place is taken.
      const { decode, prefill } = scheduler.next()!;
      expect([...decode.flat(), ...prefill.map(({ id }) => id)]).toEqual([2]);
      scheduler.resize(2, { keep: length, length: length + 1 });
    }
  });

  it('lets a short request pass a long one that does not fit, but not for ever', () => {
    const scheduler = new Scheduler({ ...limits, maxRunning: 2, maxWaiting: 100, kvTokens: 300 });
    scheduler.add(online(1, 150));
    scheduler.add(online(2, 200));
    let served = 0;
    for (let id = 10; id < 60; id++) {
      scheduler.add(online(id, 5));
      for (let step = scheduler.next(); step; step = scheduler.next());
      if (scheduler.waitingCount === 1) served += 1;
      else break;
      scheduler.remove(id);
    }
    expect(served).toBe(16);
    scheduler.remove(1);
    expect(scheduler.next()!.prefill.map(({ id }) => id)).toContain(2);
  });

  it('puts online before batch, which gets the place of one online sequence when it has waited long', () => {
    const scheduler = new Scheduler({ ...limits, maxRunning: 1 });
    scheduler.add(batch(1, 10));
    const order: number[] = [];
    for (let id = 10; !order.includes(1) && id < 200; id++) {
      scheduler.add(online(id, 10));
      const served = scheduler.next()!.prefill[0]!.id;
      order.push(served);
      scheduler.remove(served);
    }
    expect(order.length).toBeGreaterThan(50);
    expect(order.length).toBeLessThan(100);
  });

  it('starts from cached blocks, always computes the last token, and lets followers wait for a prefix under way', () => {
    const scheduler = new Scheduler({ ...limits, prefixTokens: 160 });
    const tokens = Array.from({ length: 65 }, (_, i) => i);
    const keys = blockKeys(tokens);
    scheduler.add({ ...online(1, 64), keys });
    scheduler.add({ ...online(2, 65), keys });
    expect(scheduler.next()!.prefill).toEqual([{ id: 1, from: 0, count: 64, blocks: [] }]);
    expect(scheduler.publish(keys).store.map(({ from }) => from)).toEqual([0, 16, 32, 48]);
    expect(scheduler.next()!.prefill).toEqual([{ id: 2, from: 64, count: 1, blocks: [1, 2, 3, 4] }]);
    expect(scheduler.cachedBlocks).toEqual({ held: 4, referenced: 4 });
    expect(scheduler.next()).toBeUndefined();
    expect(scheduler.cachedBlocks).toEqual({ held: 4, referenced: 0 });
    scheduler.add({ ...online(3, 64), keys });
    expect(scheduler.next()!.prefill).toEqual([{ id: 3, from: 48, count: 16, blocks: [1, 2, 3] }]);
  });

  it('keeps an idle sequence until its memory is needed', () => {
    const scheduler = new Scheduler({ ...limits, kvTokens: 200 });
    scheduler.add(online(1, 100));
    scheduler.next();
    scheduler.rest(1);
    scheduler.add(online(2, 90));
    expect(scheduler.next()!.drop).toEqual([]);
    scheduler.remove(2);
    scheduler.add(online(3, 120));
    expect(scheduler.next()!.drop).toEqual([1]);
    scheduler.remove(3);
    scheduler.resize(1, { keep: 100, length: 110 });
    expect(scheduler.next()!.prefill).toEqual([{ id: 1, from: 0, count: 110, blocks: [] }]);
  });
});

const aRequest = fc.record({
  prompt: fc.integer({ min: 1, max: 150 }),
  fresh: fc.integer({ min: 1, max: 120 }),
  /** Prompts of one family begin alike. */
  family: fc.integer({ min: 0, max: 3 }),
  lane: fc.constantFrom('online' as const, 'batch' as const),
  session: fc.boolean(),
  arrival: fc.integer({ min: 0, max: 30 }),
  cancelAfter: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
});
const someLimits = fc.record({
  maxRunning: fc.integer({ min: 1, max: 6 }),
  stepTokens: fc.constantFrom(64, 128, 256),
  kvTokens: fc.integer({ min: 280, max: 800 }),
  prefixTokens: fc.constantFrom(0, 64, 280),
  maxWaiting: fc.constant(100),
});

describe('Scheduler under random load', () => {
  it('finishes everything, never exceeds memory or slots, computes every token on top of exactly those before it, and leaks nothing', () => {
    fc.assert(
      fc.property(someLimits, fc.array(aRequest, { minLength: 1, maxLength: 25 }), (some, requests) => {
        const model = new SchedulerModel(some);
        const unfinished = run(model, requests);
        expect(unfinished).toEqual([]);
        expect(model.scheduler.heldTokens).toBe(model.scheduler.cachedBlocks.held * BLOCK_TOKENS);
        expect(model.scheduler.cachedBlocks.referenced).toBe(0);
        expect(model.heldTokens).toBe(model.scheduler.heldTokens);
      }),
      { numRuns: 500 },
    );
  });
});
