import type { ScreenScores, ViewScore } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { mergeScores } from './merge-scores.js';

const scores = (attack: number, views?: Record<string, ViewScore>): ScreenScores => ({ subject: 'a', direction: 'response', screen: 'guard', model: 'm', status: 'scored', scores: { attack }, ...(views ? { views } : {}), coverage: { tokens: 1, tokensScreened: 1, windows: 1 }, queueMs: 0, inferenceMs: 1 });
const decoded = (plain: number) => ({ attack: { view: 'decoded', plain } });

describe('checks of two pieces of one text', () => {
  it.each([
    ['the higher score with its view', scores(0.2), scores(0.9, decoded(0.1)), 0.9, { attack: { view: 'decoded', plain: 0.2 } }],
    ['no view where the text as it stands scored as high elsewhere', scores(0.95), scores(0.9, decoded(0.1)), 0.95, undefined],
    ['the view of an earlier piece', scores(0.9, decoded(0.3)), scores(0.4), 0.9, { attack: { view: 'decoded', plain: 0.4 } }],
    ['no view where there was none', scores(0.2), scores(0.3), 0.3, undefined],
  ])('keep %s', (_what, earlier, later, attack, views) => {
    const merged = mergeScores(earlier, later);
    expect(merged.scores['attack']).toBe(attack);
    expect(merged.views).toEqual(views);
    expect(merged.inferenceMs).toBe(2);
  });

  it('are indeterminate when one is', () => {
    const failed: ScreenScores = { ...scores(0), status: 'indeterminate', reason: 'timeout', scores: {} };
    expect(mergeScores(failed, scores(0.1))).toMatchObject({ status: 'indeterminate', reason: 'timeout' });
    expect(mergeScores(scores(0.1), failed)).toMatchObject({ status: 'indeterminate', reason: 'timeout' });
  });
});
