import type { AuditResult } from '@sallyport/contracts';
import { expect, it } from 'vitest';
import type { AuditRepository } from './audit-repository.js';
import { cancelAll, collect, linesOf, newId, resultsOf, uploaded } from './samples.fixture.js';

const failure = (line: number, code = 'check_failed'): AuditResult => ({ line, error: { code, message: 'no verdict' } });

/** Lines 1 to 6 in two chunks: 2 and 5 failed, 6 could not be read. */
async function endedWithFailures(audits: AuditRepository, retainText = true): Promise<{ id: string; owner: string }> {
  const [id, owner] = [newId('audit'), newId('owner')];
  await audits.create({ id, owner, policyId: 'default', policyVersion: 1, retainText });
  await audits.addChunks(id, [0, 1].map((ordinal) => ({ ordinal, firstLine: ordinal * 3 + 1, lines: linesOf(ordinal * 3 + 1, 3) })));
  await audits.seal(id, 6);
  await audits.start(id);
  await audits.completeChunk(id, 0, [...resultsOf(1, 1), failure(2), ...resultsOf(3, 1)], { failed: 1, flagged: 1 }, new Map([[3, []]]));
  await audits.completeChunk(id, 1, [...resultsOf(4, 1), failure(5, 'guard_unavailable'), failure(6, 'invalid_request')], { failed: 2, flagged: 0 });
  return { id, owner };
}

/** The contract of AuditRepository for those who pause, resume, cancel and retry. */
export function describeControl(audits: () => AuditRepository): void {
  it('pauses, resumes and cancels, says so, and takes each twice', async () => {
    const [owner, turn] = [newId('owner'), newId('turn')];
    const id = await uploaded(audits(), 2, { owner });
    const statusAfter = async (change: 'pause' | 'resume' | 'end') => {
      for (let twice = 0; twice < 2; twice += 1) await audits()[change](owner, id);
      return (await audits().get(owner, id)).status;
    };
    expect(await statusAfter('pause')).toBe('paused');
    expect(await statusAfter('resume')).toBe('queued');
    await audits().start(id);
    await audits().completeChunk(id, 0, resultsOf(1, 3), { failed: 0, flagged: 0 });
    expect(await statusAfter('pause')).toBe('paused');
    expect(await audits().get(owner, id)).toMatchObject({ rate: 0, eta_s: null, done: 3 });
    await audits().start(id);
    expect(await audits().begin(id, 1, turn)).toBeUndefined();
    expect(await statusAfter('resume')).toBe('running');
    // What was done before the pause is no part of the rate after it.
    expect(await audits().get(owner, id)).toMatchObject({ rate: 0, eta_s: null, done: 3 });
    expect(await statusAfter('end')).toBe('cancelled');
  });

  it('refuses what makes no sense, by name, and does not know the audits of others', async () => {
    const { id, owner } = await endedWithFailures(audits());
    for (const change of ['pause', 'resume', 'end'] as const) await expect(audits()[change](owner, id)).rejects.toMatchObject({ code: 'audit_state_conflict' });
    for (const change of ['pause', 'resume', 'end', 'retry'] as const) await expect(audits()[change]('another', id)).rejects.toMatchObject({ code: 'audit_not_found' });
    const open = await uploaded(audits(), 1, { owner });
    await expect(audits().retry(owner, open)).rejects.toMatchObject({ code: 'audit_state_conflict' });
    await audits().completeChunk(open, 0, [...resultsOf(1, 2), failure(3, 'invalid_json')], { failed: 1, flagged: 0 });
    await expect(audits().retry(owner, open)).rejects.toMatchObject({ code: 'nothing_to_retry' });
  });

  it('runs failed lines again, counts them once, and leaves the others as they are', async () => {
    await cancelAll(audits());
    const [{ id, owner }, turn] = [await endedWithFailures(audits()), newId('turn')];
    expect(await audits().get(owner, id)).toMatchObject({ status: 'completed', done: 6, failed: 3, retryable: 2, flagged: 1 });
    await audits().retry(owner, id);
    expect(await audits().get(owner, id)).toMatchObject({ status: 'running', done: 4, failed: 1, retryable: 0, flagged: 1 });
    expect(await audits().take(turn, 1)).toMatchObject({ auditId: id, ordinals: [0] });
    expect(await audits().begin(id, 0, turn)).toMatchObject({ firstLine: 1, lines: linesOf(1, 3), open: [2] });
    const again = { line: 2, harm: 0.75 };
    await audits().completeChunk(id, 0, [again], { failed: 0, flagged: 1 }, new Map([[2, []]]));
    await audits().completeChunk(id, 0, [failure(2)], { failed: 1, flagged: 0 });
    await audits().completeChunk(id, 1, [failure(5)], { failed: 1, flagged: 0 });
    expect(await audits().get(owner, id)).toMatchObject({ status: 'completed', done: 6, failed: 2, retryable: 1, flagged: 2 });
    expect(await collect(audits().results(id))).toEqual([...resultsOf(1, 1), again, ...resultsOf(3, 2), failure(5), failure(6, 'invalid_request')]);
  });

  it('gives the old error back when a retry is cancelled', async () => {
    const { id, owner } = await endedWithFailures(audits());
    await audits().retry(owner, id);
    await audits().end(owner, id);
    expect(await audits().get(owner, id)).toMatchObject({ status: 'cancelled', done: 6, failed: 3, retryable: 2 });
    expect(await audits().pendingChunks(id)).toEqual([]);
  });

  it('erases the text of an audit that is not to keep it, once it has ended and nothing can be retried', async () => {
    const { id, owner } = await endedWithFailures(audits(), false);
    const kept = async () => (await collect(audits().scored(id))).map(({ text }) => text);
    expect(await kept()).toEqual(linesOf(1, 6));
    await audits().retry(owner, id);
    await audits().completeChunk(id, 0, resultsOf(2, 1), { failed: 0, flagged: 0 });
    expect(await kept()).toEqual(linesOf(1, 6));
    await audits().completeChunk(id, 1, resultsOf(5, 1), { failed: 0, flagged: 0 });
    expect(await kept()).toEqual(Array(6).fill(''));
    const cancelled = newId('audit');
    await audits().create({ id: cancelled, owner, policyId: 'default', policyVersion: 1, retainText: false });
    await audits().addChunk(cancelled, { ordinal: 0, firstLine: 1, lines: linesOf(1, 3) });
    await audits().end(owner, cancelled);
    expect((await audits().loadChunk(cancelled, 0)).lines).toEqual([]);
  });
}
