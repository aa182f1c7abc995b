import { SallyportError, type ScreenReply, type ScreenSubject } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { fakeGuard } from '../fixtures/fake-services.fixture.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { ScreenRunner } from './screen-runner.js';
import { VerdictCache } from './verdict-cache.js';

const CALL = { deadlineMs: 1_000, lane: 'online' as const };
const subject = (id: string, text: string, extra: Partial<ScreenSubject> = {}): ScreenSubject => ({ id, direction: 'prompt', text, ...extra });

function runner() {
  const client = fakeGuard();
  const breaker = new CircuitBreaker({ name: 'guard', failureThreshold: 2, openMs: 60_000 });
  return { client, runner: new ScreenRunner({ screen: 'guard', client, breaker, cache: new VerdictCache({ maxEntries: 100, ttlMs: 60_000 }) }) };
}

describe('ScreenRunner', () => {
  it('asks once for a repeated text, and again for another direction or history', async () => {
    const { client, runner: guard } = runner();
    await guard.run([subject('a', 'hello')], CALL);
    const again = await guard.run([subject('b', 'hello')], CALL);
    expect(again[0]).toMatchObject({ subject: 'b', status: 'scored' });
    expect(client.requests).toHaveLength(1);
    await guard.run([subject('c', 'hello', { direction: 'response' })], CALL);
    await guard.run([subject('d', 'hello', { history: [{ role: 'user', text: 'x' }] })], CALL);
    expect(client.requests).toHaveLength(3);
  });

  it('asks again when the policy brings categories of its own', async () => {
    const { client, runner: guard } = runner();
    const custom = (description: string) => ({ customCategories: [{ code: 'bets', name: 'Bets', description, examples: { positive: [], negative: [] } }] });
    for (const question of [{}, custom('a'), custom('a'), custom('b'), {}]) await guard.run([subject('a', 'hello')], CALL, question);
    expect(client.requests.map(({ customCategories }) => customCategories?.[0]?.description)).toEqual([undefined, 'a', 'b']);
  });

  it.each([['deadline_exceeded', 'timeout'], ['overloaded', 'overloaded'], ['service_unavailable', 'unavailable'], ['worker_lost', 'unavailable'], ['internal_error', 'error']] as const)('turns %s into indeterminate (%s), never into scores', async (code, reason) => {
    const { client, runner: guard } = runner();
    client.failure = new SallyportError(code, 'x');
    expect(await guard.run([subject('a', 'hello')], CALL)).toMatchObject([{ subject: 'a', status: 'indeterminate', reason, scores: {} }]);
  });

  it('does not remember an indeterminate result', async () => {
    const { client, runner: guard } = runner();
    client.failure = new SallyportError('overloaded', 'x');
    await guard.run([subject('a', 'hello')], CALL);
    client.failure = undefined;
    expect((await guard.run([subject('a', 'hello')], CALL))[0]?.status).toBe('scored');
  });

  it.each([
    ['no result', []],
    ['an empty score set', [{ scores: {} }]],
    ['a score that is not a number', [{ scores: { harm: Number.NaN } }]],
    ['a score above one', [{ scores: { harm: 1.2 } }]],
  ])('calls a reply with %s unparsable', async (_name, results) => {
    const { client, runner: guard } = runner();
    client.call = async <Reply>() => ({ results: results.map((part) => ({ subject: 'a', direction: 'prompt', screen: 'guard', model: 'm', status: 'scored', ...part })) } as unknown as ScreenReply as Reply);
    expect(await guard.run([subject('a', 'hello')], CALL)).toMatchObject([{ status: 'indeterminate', reason: 'unparsable' }]);
  });

  it('stops calling a dead service', async () => {
    const { client, runner: guard } = runner();
    client.failure = new SallyportError('deadline_exceeded', 'x');
    for (let count = 0; count < 5; count += 1) await guard.run([subject('a', `text ${count}`)], CALL);
    expect(client.requests).toHaveLength(2);
  });

  it('throws cancelled when the caller gave up', async () => {
    const { runner: guard } = runner();
    await expect(guard.run([subject('a', 'hello')], { ...CALL, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
