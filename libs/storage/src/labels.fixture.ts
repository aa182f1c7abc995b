import { expect, it } from 'vitest';
import { AuditRepository } from './audit-repository.js';
import type { Database } from './database.js';
import { LabelRepository } from './label-repository.js';
import { collect, newId, uploaded } from './samples.fixture.js';

/** The contract of LabelRepository. */
export function describeLabels(open: () => Database): void {
  const labels = () => new LabelRepository(open());
  const audits = () => new AuditRepository(open());

  /** Twelve lines in chunks of three; those in `review` are for review, the last chunk is not done. */
  async function audited(review: number[]): Promise<string> {
    const id = await uploaded(audits(), 4);
    for (const ordinal of [2, 0, 1]) {
      const results = [1, 2, 3].map((i) => ({ line: ordinal * 3 + i, id: '","decision":"review"', decision: review.includes(ordinal * 3 + i) ? ('review' as const) : ('allow' as const) }));
      await audits().completeChunk(id, ordinal, results, { failed: 0, flagged: 0 });
    }
    return id;
  }

  it('finds the lines with a decision after another one', async () => {
    const id = await audited([2, 3, 8]);
    const after = async (line: number) => (await collect(labels().decided(id, { decision: 'review', after: line }))).map(({ result }) => result.line);
    expect(await after(0)).toEqual([2, 3, 8]);
    expect(await after(2)).toEqual([3, 8]);
    expect(await after(3)).toEqual([8]);
    expect(await after(8)).toEqual([]);
    expect(await after(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect((await collect(labels().decided(id, { decision: 'allow', after: 4 }))).map(({ result, text }) => [result.line, text.slice(0, 6)])).toEqual([[5, 'line 5'], [6, 'line 6'], [7, 'line 7'], [9, 'line 9']]);
  });

  it('reads lines by number and leaves out those without a result', async () => {
    const id = await audited([]);
    expect((await collect(labels().lines(id, [1, 3, 4, 9, 11, 400]))).map(({ result }) => result.line)).toEqual([1, 3, 4, 9]);
  });

  it('finds lines by their number in the file where others are left out', async () => {
    const id = newId('audit');
    await audits().create({ id, owner: 'tenant', policyId: 'default', policyVersion: 1 });
    const inputs = [[3, 10], [11, 40], [70]];
    for (const [ordinal, lines] of inputs.entries()) await audits().addChunk(id, { ordinal, firstLine: ordinal * 2 + 1, lines: lines.map((line) => `@${line} {}`), lastInputLine: lines.at(-1)! });
    for (const [ordinal, lines] of inputs.entries()) await audits().completeChunk(id, ordinal, lines.map((line, i) => ({ line: ordinal * 2 + 1 + i, input_line: line, decision: 'review' as const })), { failed: 0, flagged: 0 });
    const numbers = async (source: AsyncIterable<{ result: { line: number } }>) => (await collect(source)).map(({ result }) => result.line);
    expect(await numbers(labels().lines(id, [1, 3, 10, 12, 40, 70, 71]))).toEqual([3, 10, 40, 70]);
    expect(await numbers(labels().decided(id, { decision: 'review', after: 10 }))).toEqual([11, 40, 70]);
  });

  it('keeps one label per line and reviewer, the last one', async () => {
    const id = await audited([2]);
    await labels().put(id, { line: 2, reviewer: 'Ada', label: 'harmful', categories: ['S1'], note: 'a threat' });
    await labels().put(id, { line: 2, reviewer: 'Ben', label: 'harmless', categories: [] });
    await labels().put(id, { line: 1, reviewer: 'Ada', label: 'harmless', categories: [] });
    const again = await labels().put(id, { line: 2, reviewer: 'Ada', label: 'harmless', categories: [] });
    expect(again).toMatchObject({ line: 2, reviewer: 'Ada', label: 'harmless', categories: [] });
    expect(again).not.toHaveProperty('note');
    expect((await collect(labels().labelled(id))).map(({ labels: group }) => group.map(({ line, reviewer, label }) => [line, reviewer, label]))).toEqual([[[1, 'Ada', 'harmless']], [[2, 'Ada', 'harmless'], [2, 'Ben', 'harmless']]]);
    expect((await labels().ofLines(id, [2, 3])).map(({ reviewer }) => reviewer)).toEqual(['Ada', 'Ben']);
    await audits().delete(id);
    expect(await collect(labels().labelled(id))).toEqual([]);
  });

  it('keeps the labels of other audits apart', async () => {
    const id = newId('audit');
    await audits().create({ id, owner: 'tenant', policyId: 'default', policyVersion: 1 });
    expect(await collect(labels().labelled(id))).toEqual([]);
  });
}
