import type { ScoredRows } from './sweep.js';

/** Rows whose score lies in [`from`, `to`); the last bin holds 1 too. */
export interface CalibrationBin {
  from: number;
  to: number;
  rows: number;
  /** Mean score: what the classifier promised. */
  promised: number;
  /** Share of positives: what was true. */
  observed: number;
}

export interface Calibration {
  bins: CalibrationBin[];
  /** Expected calibration error: the distance of promise and truth, weighted by rows. */
  ece: number;
  /** Mean squared distance of score and label. */
  brier: number;
}

const BINS = 10;

/** How far scores can be read as probabilities; empty bins are left out. */
export function calibration({ targets, scores }: ScoredRows): Calibration {
  const sums = Array.from({ length: BINS }, () => ({ rows: 0, score: 0, positives: 0 }));
  scores.forEach((score, row) => {
    const bin = sums[Math.min(BINS - 1, Math.floor(score * BINS))]!;
    bin.rows += 1;
    bin.score += score;
    bin.positives += targets[row]!;
  });
  const bins = sums.map(({ rows, score, positives }, i) => ({ from: i / BINS, to: (i + 1) / BINS, rows, promised: score / rows, observed: positives / rows })).filter(({ rows }) => rows > 0);
  const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / Math.max(1, scores.length);
  return { bins, ece: mean(bins.map(({ rows, promised, observed }) => rows * Math.abs(promised - observed))), brier: mean(scores.map((score, row) => (score - targets[row]!) ** 2)) };
}
