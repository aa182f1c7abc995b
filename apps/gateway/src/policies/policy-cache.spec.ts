import { type PolicyAssignment, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';
import type { PolicyRepository } from '@sallyport/storage';
import { describe, expect, it } from 'vitest';
import { PolicyCache } from './policy-cache.js';

/** A repository that another process changes. */
function shared() {
  const state = { active: 1, revision: 1, assignments: [] as PolicyAssignment[], down: false, reads: 0, asked: 0, beforeGet: async () => undefined as unknown };
  const version = (number: number): PolicyVersion => ({ id: 'p', version: number, document: DEFAULT_POLICY });
  const answer = <T>(value: T): T => {
    if (state.down) throw new SallyportError('service_unavailable', 'down');
    return value;
  };
  const repository = {
    exclusive: false,
    revision: async () => { state.asked += 1; return answer(state.revision); },
    get: async (_id: string, number?: number) => {
      state.reads += 1;
      const seen = number ?? state.active;
      await state.beforeGet();
      return answer(version(seen));
    },
    shadowOf: async () => undefined,
    assignments: async () => answer(state.assignments),
  };
  const clock = { nowMs: 1_000 };
  const activate = (number: number) => { state.active = number; state.revision += 1; };
  return { state, clock, activate, repository, cache: new PolicyCache(repository as unknown as PolicyRepository, () => clock.nowMs) };
}

/** As a request does it. */
async function current(cache: PolicyCache) {
  await cache.follow();
  return cache.currentOf('p');
}

describe('PolicyCache', () => {
  it('reads nothing again while nothing changes, and asks once for all that come meanwhile', async () => {
    const { state, cache } = shared();
    await Promise.all(Array.from({ length: 1_000 }, () => current(cache)));
    await Promise.all(Array.from({ length: 1_000 }, () => current(cache)));
    expect(state.reads).toBeLessThanOrEqual(1_000);
    const { reads } = state;
    await current(cache);
    expect([state.asked, state.reads]).toEqual([3, reads]);
  });

  it('judges no request by a version that was replaced before it came', async () => {
    const { cache, activate } = shared();
    expect((await current(cache)).active.version).toBe(1);
    activate(2);
    expect((await current(cache)).active.version).toBe(2);
  });

  it('does not take the answer to a question that was put before the request came', async () => {
    const { cache, repository, activate } = shared();
    await current(cache);
    let answer: ((revision: number) => void) | undefined;
    const { revision } = repository;
    repository.revision = () => new Promise((resolve) => { answer = resolve; });
    const early = cache.follow();
    await new Promise((resolve) => setImmediate(resolve));
    activate(2);
    const late = cache.follow();
    repository.revision = revision;
    answer!(1);
    await early;
    await late;
    expect((await cache.currentOf('p')).active.version).toBe(2);
  });

  it('never keeps what was read before a change that is known by then', async () => {
    const { state, cache, activate } = shared();
    let finish: (() => void) | undefined;
    state.beforeGet = () => new Promise<void>((resolve) => { finish = resolve; });
    const slow = current(cache);
    await new Promise((resolve) => setImmediate(resolve));
    activate(2);
    state.beforeGet = async () => undefined;
    expect((await current(cache)).active.version).toBe(2);
    finish?.();
    expect((await slow).active.version).toBe(1);
    expect((await current(cache)).active.version).toBe(2);
  });

  it('sees its own changes at once', async () => {
    const { cache, activate } = shared();
    await current(cache);
    activate(2);
    cache.forget();
    expect((await current(cache)).active.version).toBe(2);
  });

  it('goes on for seconds without a database, and no longer', async () => {
    const { state, cache, clock } = shared();
    await current(cache);
    state.down = true;
    for (let waited = 0; waited < 4_500; waited += 300) {
      clock.nowMs += 300;
      expect((await current(cache)).active.version).toBe(1);
    }
    clock.nowMs += 1_000;
    await expect(current(cache)).rejects.toMatchObject({ code: 'service_unavailable' });
    state.down = false;
    expect((await current(cache)).active.version).toBe(1);
  });

  it('follows assignments as well', async () => {
    const { state, cache } = shared();
    expect(await cache.assignment('route', 'chat')).toBeUndefined();
    await cache.follow();
    state.assignments = [{ kind: 'route', subject: 'chat', policy: 'p', allowRequest: false }];
    state.revision += 1;
    await cache.follow();
    expect(await cache.assignment('route', 'chat')).toMatchObject({ policy: 'p' });
  });

  it('asks nothing where the database is its own', async () => {
    const { state, cache, repository, clock } = shared();
    repository.exclusive = true;
    await current(cache);
    clock.nowMs += 60_000;
    await current(cache);
    expect(state.asked).toBe(0);
  });
});
