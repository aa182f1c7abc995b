import { expect, it } from 'vitest';
import type { AuditRepository } from './audit-repository.js';
import { collect, linesOf, newId, resultsOf, uploaded } from './samples.fixture.js';

/** The contract of AuditRepository while an audit runs. */
export function describeScreening(audits: () => AuditRepository): void {
  it('counts a chunk completed twice once', async () => {
    const id = await uploaded(audits(), 2);
    await audits().start(id);
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 1, flagged: 2 });
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 1, flagged: 2 });
    const progress = await audits().progress(id);
    expect(progress).toMatchObject({ status: 'running', done: 3, failed: 1, flagged: 2 });
    expect(progress.rate).toBeGreaterThan(0);
    expect(progress.eta_s).toBeGreaterThanOrEqual(1);
    expect(await audits().loadChunk(id, 0)).toMatchObject({ done: true });
    expect(await audits().pendingChunks(id)).toEqual([1]);
  });

  it('completes when 8 chunks finish at once, each reported twice, and gives results in line order', async () => {
    const id = await uploaded(audits(), 8);
    await audits().start(id);
    const order = [7, 3, 5, 0, 1, 6, 2, 4].flatMap((ordinal) => [ordinal, ordinal]);
    await Promise.all(order.map((ordinal) => audits().completeChunk(id, ordinal, resultsOf(ordinal * 3 + 1, 3).reverse(), { failed: 0, flagged: 1 })));
    expect(await audits().progress(id)).toMatchObject({ status: 'completed', total: 24, done: 24, flagged: 8, eta_s: 0 });
    expect(await audits().listIncomplete()).not.toContain(id);
    expect(await collect(audits().results(id))).toEqual(resultsOf(1, 24));
    await audits().start(id);
    await audits().cancel(id);
    expect((await audits().progress(id)).status).toBe('completed');
  });

  it('gives the results of the chunks that are done', async () => {
    const id = await uploaded(audits(), 3);
    await audits().completeChunk(id, 2, resultsOf(7, 3), { failed: 0, flagged: 0 });
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 0, flagged: 0 });
    expect((await collect(audits().results(id))).map((result) => result.line)).toEqual([1, 2, 3, 7, 8, 9]);
  });

  it('gives results with their lines and raw scores, and tells where none were kept', async () => {
    const id = await uploaded(audits(), 2);
    const scores = [{ subject: 'input', direction: 'prompt' as const, screen: 'guard' as const, scores: { harm: 0.123456789012345 } }];
    await audits().completeChunk(id, 0, resultsOf(1, 3).reverse(), { failed: 0, flagged: 0 }, new Map([[2, scores]]));
    await audits().completeChunk(id, 1, resultsOf(4, 3), { failed: 0, flagged: 0 });
    const scored = await collect(audits().scored(id));
    expect(scored.map(({ result, scores: kept }) => [result.line, kept])).toEqual([[1, []], [2, scores], [3, []], [4, undefined], [5, undefined], [6, undefined]]);
    expect(scored[4]!.text).toBe(linesOf(5, 1)[0]);
  });

  it('refuses results that are not one per line', async () => {
    const id = await uploaded(audits(), 1);
    await expect(audits().completeChunk(id, 0, resultsOf(1, 2), { failed: 0, flagged: 0 })).rejects.toMatchObject({ code: 'internal_error' });
    expect(await audits().progress(id)).toMatchObject({ status: 'queued', done: 0 });
  });

  it('lets the results be read while they are written to', async () => {
    const id = await uploaded(audits(), 2);
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 0, flagged: 0 });
    const reader = audits().results(id)[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual({ line: 1, harm: 0.25 });
    await audits().completeChunk(id, 1, resultsOf(4, 3), { failed: 0, flagged: 0 });
    expect((await reader.next()).value).toEqual({ line: 2, harm: 0.25 });
    await reader.return?.();
  });
}

/** The contract of AuditRepository for the ends of an audit. */
export function describeEnds(audits: () => AuditRepository): void {
  it('stays cancelled when a chunk finishes afterwards', async () => {
    const id = await uploaded(audits(), 1);
    await audits().cancel(id);
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 0, flagged: 0 });
    await audits().fail(id, 'internal_error', 'late');
    expect(await audits().progress(id)).toMatchObject({ status: 'cancelled', done: 3, eta_s: null });
    expect(await audits().listIncomplete()).not.toContain(id);
  });

  it('keeps the reason of a failure', async () => {
    const id = await uploaded(audits(), 1);
    await audits().fail(id, 'worker_lost', 'The worker is gone.');
    expect(await audits().progress(id)).toMatchObject({ status: 'failed', error: { code: 'worker_lost', message: 'The worker is gone.' } });
  });

  it('refuses chunks for an audit cancelled during its upload', async () => {
    const id = newId('audit');
    await audits().create({ id, owner: 'tenant', policyId: 'default', policyVersion: 1 });
    await audits().cancel(id);
    await expect(audits().addChunk(id, { ordinal: 0, firstLine: 1, lines: ['a'] })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('lists the newest first and deletes with all chunks', async () => {
    const owner = newId('owner');
    const [older, newer] = [await uploaded(audits(), 1, { owner }), await uploaded(audits(), 1, { owner })];
    await uploaded(audits(), 1);
    expect((await audits().list(owner, 3)).map((audit) => audit.id)).toEqual([newer, older]);
    await expect(audits().get('tenant', newer)).rejects.toMatchObject({ code: 'audit_not_found' });
    expect(await audits().get(owner, newer)).toMatchObject({ id: newer, status: 'queued' });
    await audits().delete(newer);
    expect((await audits().list(owner, 3)).map((audit) => audit.id)).toEqual([older]);
    for (const call of callsOnMissing(audits(), newer)) await expect(call()).rejects.toMatchObject({ code: 'audit_not_found' });
    expect(await audits().pendingChunks(newer)).toEqual([]);
  });
}

function callsOnMissing(audits: AuditRepository, id: string): Array<() => Promise<unknown>> {
  return [
    () => audits.progress(id), () => audits.get('tenant', id), () => audits.work(id), () => audits.loadChunk(id, 0), () => audits.start(id), () => audits.cancel(id), () => audits.delete(id), () => audits.seal(id, 0),
    () => audits.fail(id, 'internal_error', 'x'), () => audits.addChunk(id, { ordinal: 0, firstLine: 1, lines: [] }),
    () => audits.completeChunk(id, 0, [], { failed: 0, flagged: 0 }), () => collect(audits.results(id)),
  ];
}
