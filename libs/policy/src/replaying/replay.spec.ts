import type { PolicyVersion } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, fromSummary, Replay, type ReplayRow, type StoredScores } from '../index.js';

const at = (threshold: number, version: number): PolicyVersion => ({ id: 'p', version, document: { ...DEFAULT_POLICY, categories: { S1: { enabled: true, threshold, action: 'block' }, S2: { enabled: true, threshold: 0.5, action: 'review' } }, attacks: {} } });
const row = (line: number, scores: Record<string, number>, rest: Partial<ReplayRow> = {}): ReplayRow => ({ line, scores: [{ subject: 'input', direction: 'prompt', screen: 'guard', scores }], ...rest });

describe('Replay', () => {
  it('counts what changes, by category, with examples of each kind', () => {
    const replay = new Replay({ before: at(0.5, 1), after: at(0.8, 2) });
    [row(1, { S1: 0.6, S2: 0 }), row(2, { S1: 0.9, S2: 0 }), row(3, { S1: 0.7, S2: 0.9 }, { id: 'third' }), row(4, { S1: 0, S2: 0 })].forEach((item) => { replay.add(item); });
    const report = replay.report();
    expect(report).toMatchObject({
      rows: 4, changed: 2, decisions: { before: { allow: 1, review: 0, block: 3 }, after: { allow: 2, review: 1, block: 1 } },
      by_category: { S1: { before: 3, after: 1, added: 0, removed: 2 }, S2: { before: 1, after: 1, added: 0, removed: 0 } },
    });
    expect(report.examples.map(({ line, id, before, after, reasons }) => [line, id, before, after, reasons[0]?.rule])).toEqual([[1, undefined, 'block', 'allow', 'S1'], [3, 'third', 'block', 'review', 'S2']]);
  });

  it('compares with the decision on record where there is one', () => {
    const replay = new Replay({ before: at(0.5, 1), after: at(0.5, 2) });
    replay.add(row(1, { S1: 0.9 }, { recorded: 'allow' }));
    expect(replay.report()).toMatchObject({ changed: 1, by_category: { S1: { added: 0 } } });
  });

  it('shows rare kinds of change beside a frequent one', () => {
    const replay = new Replay({ before: at(0.5, 1), after: at(0.8, 2), examples: 5 });
    for (let line = 1; line <= 100; line += 1) replay.add(row(line, { S1: 0.6, S2: line === 90 ? 0.9 : 0 }));
    const { examples } = replay.report();
    expect(examples).toHaveLength(5);
    expect(examples.map(({ line }) => line)).toContain(90);
  });

  it('judges 10,000 rows', () => {
    const scores = (harm: number): StoredScores[] => [
      { subject: 'input', direction: 'prompt', screen: 'guard', scores: { harm, ...Object.fromEntries(Array.from({ length: 14 }, (_, code) => [`S${code + 1}`, harm / (code + 1)])) } },
      { subject: 'input', direction: 'prompt', screen: 'prompt-guard', scores: { attack: harm, injection: harm, jailbreak: 0, indirect: 0 } },
    ];
    const policy = (version: number, harm: number): PolicyVersion => ({ id: 'p', version, document: { ...DEFAULT_POLICY, categories: { ...DEFAULT_POLICY.categories, harm: { enabled: true, threshold: harm, action: 'block' } } } });
    const replay = new Replay({ before: policy(1, 0.9), after: policy(2, 0.4) });
    for (let line = 1; line <= 10_000; line += 1) replay.add({ line, scores: scores((line % 100) / 100) });
    expect(replay.report()).toMatchObject({ rows: 10_000, changed: 500 });
  });

  it('reads verdict lines, and leaves a failed check failed', () => {
    expect(fromSummary({ harm: 0.9, categories: { S1: 0.8 }, attack: 0.1, decision: 'block' })).toEqual([
      { subject: 'input', direction: 'prompt', screen: 'guard', scores: { S1: 0.8, harm: 0.9 }, sparse: true },
      { subject: 'input', direction: 'prompt', screen: 'prompt-guard', scores: { attack: 0.1 }, sparse: true },
    ]);
    const replay = new Replay({ before: at(0.5, 1), after: at(1, 2) });
    replay.add({ line: 1, scores: fromSummary({ harm: null, categories: {}, attack: null, indeterminate: [{ screen: 'guard', reason: 'timeout' }] }) });
    expect(replay.report()).toMatchObject({ changed: 0, decisions: { after: { block: 1 } } });
  });
});
