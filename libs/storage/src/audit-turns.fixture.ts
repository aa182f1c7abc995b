import { expect, it } from 'vitest';
import type { AuditRepository } from './audit-repository.js';
import { cancelAll, collect, linesOf, newId, resultsOf, uploaded } from './samples.fixture.js';

const SIZE = 3;
const complete = (audits: AuditRepository, id: string, ordinal: number) => audits.completeChunk(id, ordinal, resultsOf(ordinal * SIZE + 1, SIZE), { failed: 0, flagged: 0 });

/** The contract of AuditRepository for jobs that take chunks. */
export function describeTurns(audits: () => AuditRepository): void {
  it('gives each chunk to one job, also when 16 ask at once', async () => {
    await cancelAll(audits());
    const id = await uploaded(audits(), 24);
    const taken = await Promise.all(Array.from({ length: 16 }, () => audits().take(newId('turn'), 2)));
    expect(taken.flatMap((one) => one?.ordinals ?? []).sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, at) => at));
    expect(taken.filter((one) => one === undefined)).toHaveLength(4);
    expect((await audits().turns()).open).toBe(false);
    expect(await audits().progress(id)).toMatchObject({ status: 'running' });
  });

  it('gives what a job did not end to the next job of that name, and to no other', async () => {
    await cancelAll(audits());
    const [id, turn] = [await uploaded(audits(), 3), newId('turn')];
    expect((await audits().take(turn, 2))?.ordinals).toEqual([0, 1]);
    await complete(audits(), id, 0);
    expect((await audits().take(newId('turn'), 9))?.ordinals).toEqual([2]);
    expect((await audits().turns()).taken).toContain(turn);
    expect((await audits().take(turn, 9))?.ordinals).toEqual([1]);
  });

  it('shares turns between owners, however much each has uploaded', async () => {
    await cancelAll(audits());
    const [large, small] = [await uploaded(audits(), 12, { owner: newId('large') }), await uploaded(audits(), 2, { owner: newId('small') })];
    const turns: string[] = [];
    for (let at = 0; at < 5; at += 1) turns.push((await audits().take(newId('turn'), 1))!.auditId);
    // Two jobs are with the small one then, so the large one has the rest.
    expect(turns).toEqual([large, small, large, small, large]);
  });

  it('gives an owner who waited the next turn when all have as many jobs', async () => {
    await cancelAll(audits());
    const [first, second] = [await uploaded(audits(), 4, { owner: newId('one') }), await uploaded(audits(), 4, { owner: newId('two') })];
    const [turn, turns] = [newId('turn'), [] as string[]];
    for (let at = 0; at < 4; at += 1) {
      const { auditId, ordinals } = (await audits().take(turn, 1))!;
      turns.push(auditId);
      await complete(audits(), auditId, ordinals[0]!);
    }
    expect(turns).toEqual([first, second, first, second]);
  });

  it('takes the audits of one owner by priority, then by age, and leaves paused ones alone', async () => {
    await cancelAll(audits());
    const owner = newId('owner');
    const withPriority = async (priority: number) => {
      const id = newId('audit');
      await audits().create({ id, owner, policyId: 'default', policyVersion: 1, priority });
      await audits().addChunk(id, { ordinal: 0, firstLine: 1, lines: linesOf(1, SIZE) });
      await audits().seal(id, SIZE);
      return id;
    };
    const [low, older, newer, paused] = [await withPriority(-1), await withPriority(2), await withPriority(2), await withPriority(9)];
    await audits().pause(owner, paused);
    const order: string[] = [];
    for (let at = 0; at < 3; at += 1) order.push((await audits().take(newId('turn'), 1))!.auditId);
    expect(order).toEqual([older, newer, low]);
    expect(await audits().take(newId('turn'), 1)).toBeUndefined();
  });
}

/** The contract of AuditRepository for tries that do not end. */
export function describeTries(audits: () => AuditRepository): void {
  it('counts a try before it is made, and takes a chunk that was tried alone', async () => {
    await cancelAll(audits());
    const [id, turn] = [await uploaded(audits(), 3), newId('turn')];
    expect(await audits().take(turn, 9)).toMatchObject({ ordinals: [0, 1, 2], tried: false });
    expect(await audits().begin(id, 1, newId('other'))).toBeUndefined();
    expect(await audits().begin(id, 1, turn)).toEqual({ ordinal: 1, firstLine: 4, lines: linesOf(4, 3), open: [4, 5, 6], tries: 1 });
    expect((await audits().take(turn, 9))?.ordinals).toEqual([0]);
    await complete(audits(), id, 0);
    expect(await audits().take(turn, 9)).toMatchObject({ ordinals: [1], tried: true });
    expect(await audits().begin(id, 1, turn)).toMatchObject({ tries: 2 });
    await audits().takeBack(id, 1);
    await audits().takeBack(id, 1);
    expect((await audits().take(turn, 9))?.ordinals).toEqual([1, 2]);
  });

  it('cuts a chunk into parts whose results come in the order of the lines', async () => {
    await cancelAll(audits());
    const [id, turn] = [await uploaded(audits(), 2, { size: 7 }), newId('turn')];
    await audits().split(id, 0, 3);
    await complete1(audits(), id, turn, resultsOf(1, 3));
    await audits().completeChunk(id, 1, resultsOf(8, 7), { failed: 0, flagged: 0 });
    await complete1(audits(), id, turn, resultsOf(4, 3));
    await complete1(audits(), id, turn, resultsOf(7, 1));
    expect(await audits().progress(id)).toMatchObject({ status: 'completed', total: 14, done: 14 });
    expect(await collect(audits().results(id))).toEqual(resultsOf(1, 14));
    expect((await collect(audits().scored(id))).map(({ text }) => text)).toEqual(linesOf(1, 14));
  });

  it('keeps the results of lines that are not retried when their chunk is cut', async () => {
    await cancelAll(audits());
    const [owner, turn] = [newId('owner'), newId('turn')];
    const id = await uploaded(audits(), 1, { size: 4, owner });
    const failed = { line: 3, error: { code: 'check_failed', message: 'no verdict' } };
    await audits().completeChunk(id, 0, [...resultsOf(1, 2), failed, ...resultsOf(4, 1)], { failed: 1, flagged: 0 }, new Map([[4, []]]));
    await audits().retry(owner, id);
    await audits().split(id, 0, 2);
    expect(await audits().pendingChunks(id)).toHaveLength(1);
    await complete1(audits(), id, turn, resultsOf(3, 1));
    expect(await collect(audits().results(id))).toEqual(resultsOf(1, 4));
    expect(await audits().progress(id)).toMatchObject({ status: 'completed', done: 4, failed: 0, retryable: 0 });
  });
}

/** Completes the chunk that comes next, and checks that its lines are those of the results. */
async function complete1(audits: AuditRepository, id: string, turn: string, results: ReturnType<typeof resultsOf>): Promise<void> {
  const taken = await audits.take(turn, 1);
  const begun = await audits.begin(id, taken!.ordinals[0]!, turn);
  expect(begun).toMatchObject({ open: results.map(({ line }) => line), lines: expect.arrayContaining(linesOf(results[0]!.line, 1)) });
  await audits.completeChunk(id, begun!.ordinal, results, { failed: 0, flagged: 0 });
}
