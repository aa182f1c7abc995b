import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bestThreshold } from './best-threshold.js';
import { AgreementTally } from './kappa.js';

/** Two raters and cohen_kappa_score(a, b) of scikit-learn 1.9.1. */
const CASES = JSON.parse(readFileSync(new URL('./kappa.fixture.json', import.meta.url), 'utf8')) as Array<{ a: number[]; b: number[]; kappa: number }>;

const agreement = (a: readonly number[], b: readonly number[]) => {
  const tally = new AgreementTally();
  for (const [i, value] of a.entries()) tally.add(value === 1, b[i] === 1);
  return tally.report();
};

describe('agreement', () => {
  it.each(CASES.map((one) => [one.a.length, one] as const))("is Cohen's kappa as scikit-learn has it, of %i lines", (lines, { a, b, kappa }) => {
    const found = agreement(a, b);
    expect(found.kappa).toBeCloseTo(kappa, 12);
    expect(found).toMatchObject({ lines, agreement: a.filter((value, i) => value === b[i]).length / lines });
    expect(agreement(b, a).kappa).toBeCloseTo(kappa, 12);
  });

  it('is undefined, as in scikit-learn, where both always say the same', () => {
    expect(agreement([1, 1, 1], [1, 1, 1])).toEqual({ lines: 3, agreement: 1, kappa: null });
    expect(agreement([], [])).toEqual({ lines: 0, agreement: null, kappa: null });
  });
});

describe('the threshold that matches labels best', () => {
  it('has the fewest mismatches of all thresholds', () => {
    const [targets, scores] = [[0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.6, 0.9]];
    const { best, current } = bestThreshold({ targets, scores }, 0.75);
    expect(current).toMatchObject({ threshold: 0.75, mismatches: 2, recall: 1 / 3 });
    expect(best).toMatchObject({ threshold: 0.5, mismatches: 1, precision: 1, recall: 2 / 3 });
    const byHand = Array.from({ length: 101 }, (_, i) => targets.filter((target, row) => target !== Number(scores[row]! >= i / 100)).length);
    expect(best.mismatches).toBe(Math.min(...byHand));
  });

  it('stays where it is when no other is better', () => {
    expect(bestThreshold({ targets: [0, 1], scores: [0.2, 0.8] }, 0.33).best.threshold).toBe(0.33);
  });

  it('flags nothing where no threshold is better than that', () => {
    expect(bestThreshold({ targets: [1, 0, 0, 0], scores: [0.1, 0.5, 0.6, 0.7] }, 0.5).best).toMatchObject({ mismatches: 1, recall: 0, precision: null });
  });
});
