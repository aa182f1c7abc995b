import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { intervals } from './bootstrap.js';
import { calibration } from './calibration.js';
import { metrics } from './metrics.js';
import { sweep } from './sweep.js';

interface SklearnCase {
  threshold: number;
  targets: number[];
  scores: number[];
  /** average_precision_score, roc_auc_score, roc_curve, f1_score, precision_score, recall_score of scikit-learn 1.9.1. */
  expected: Record<'auprc' | 'auroc' | 'f1' | 'precision' | 'recall' | 'falsePositiveRate' | 'recallAt1PercentFp' | 'recallAt5PercentFp', number>;
  /** brier_score_loss and calibration_curve. */
  brier: number;
  calibrationCurve: { observed: number[]; promised: number[] };
}

const CASES = JSON.parse(readFileSync(new URL('./sklearn.fixture.json', import.meta.url), 'utf8')) as Record<string, SklearnCase>;

describe.each(Object.entries(CASES))('%s', (_name, { targets, scores, threshold, expected, brier, calibrationCurve }) => {
  it('has the figures of scikit-learn', () => {
    const ours = metrics(sweep({ targets, scores }), threshold);
    for (const [name, value] of Object.entries(expected)) expect(ours[name as keyof typeof ours], name).toBeCloseTo(value, 10);
  });

  it('has the calibration of scikit-learn', () => {
    const ours = calibration({ targets, scores });
    expect(ours.brier).toBeCloseTo(brier, 10);
    // scikit-learn puts a score that lies on a border into the lower bin, so only scores that do not are comparable one by one.
    if (scores.some((score) => (score * 10) % 1 === 0)) return expect(ours.bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(scores.length);
    ours.bins.forEach((bin, i) => {
      expect(bin.promised).toBeCloseTo(calibrationCurve.promised[i]!, 10);
      expect(bin.observed).toBeCloseTo(calibrationCurve.observed[i]!, 10);
    });
  });

  it('has intervals around the figures that a seed repeats', () => {
    const settings = { threshold, replicates: 300, seed: 7 };
    const found = intervals({ targets, scores }, settings);
    for (const name of ['auprc', 'auroc', 'recall'] as const) {
      expect(found[name]![0]).toBeLessThan(expected[name]);
      expect(found[name]![1]).toBeGreaterThan(expected[name]);
    }
    expect(intervals({ targets, scores }, settings)).toEqual(found);
  });
});

describe('sets that cannot give every figure', () => {
  it('without positives there are false alarms and nothing else', () => {
    const figures = metrics(sweep({ targets: [0, 0, 0, 0], scores: [0.1, 0.9, 0.2, 0.6] }), 0.5);
    expect(figures).toMatchObject({ auprc: null, auroc: null, f1: null, recall: null, falsePositiveRate: 0.5, recallAt1PercentFp: null });
  });

  it('without negatives there is recall and no ranking', () => {
    const figures = metrics(sweep({ targets: [1, 1], scores: [0.1, 0.9] }), 0.5);
    expect(figures).toMatchObject({ auroc: null, recall: 0.5, falsePositiveRate: null });
  });

  it('a threshold above every score flags nothing', () => {
    expect(metrics(sweep({ targets: [1, 0], scores: [0.4, 0.2] }), 0.5)).toMatchObject({ f1: 0, precision: null, recall: 0, falsePositiveRate: 0 });
  });
});

describe('calibration', () => {
  it('is perfect where every score is the share that was true', () => {
    expect(calibration({ targets: [1, 0, 0, 0, 1, 1, 1, 0], scores: [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75] }).ece).toBe(0);
  });

  it('counts a score of 1 in the last bin', () => {
    expect(calibration({ targets: [1, 0], scores: [1, 1] })).toMatchObject({ bins: [{ from: 0.9, to: 1, rows: 2, observed: 0.5 }], ece: 0.5 });
  });
});
