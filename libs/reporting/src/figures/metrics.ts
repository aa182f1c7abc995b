import type { Sweep, SweepPoint } from './sweep.js';

/** Figures of one label on one set. A figure that a set without positives or without negatives cannot give is `null`. */
export interface Metrics {
  auprc: number | null;
  auroc: number | null;
  f1: number | null;
  precision: number | null;
  recall: number | null;
  falsePositiveRate: number | null;
  recallAt1PercentFp: number | null;
  recallAt5PercentFp: number | null;
}

/** All figures of a sweep; those that need a threshold at `threshold`. */
export function metrics(sweep: Sweep, threshold: number): Metrics {
  return { auprc: averagePrecision(sweep), auroc: auroc(sweep), ...at(sweep, threshold), recallAt1PercentFp: recallAtFalsePositives(sweep, 0.01), recallAt5PercentFp: recallAtFalsePositives(sweep, 0.05) };
}

/** Precision at each threshold, weighted by the recall that it adds (average precision, not the trapezoid, which flatters). */
export function averagePrecision({ points, positives, negatives }: Sweep): number | null {
  if (positives === 0 || negatives === 0) return null;
  let [area, found] = [0, 0];
  for (const { truePositives, falsePositives } of points) {
    if (truePositives > found) area += ((truePositives - found) / positives) * (truePositives / (truePositives + falsePositives));
    found = truePositives;
  }
  return area;
}

/** The share of pairs of a positive and a negative that are in the right order; a tie counts half. */
export function auroc({ points, positives, negatives }: Sweep): number | null {
  if (positives === 0 || negatives === 0) return null;
  let [area, found, alarms] = [0, 0, 0];
  for (const { truePositives, falsePositives } of points) {
    area += (falsePositives - alarms) * (truePositives + found) * 0.5;
    [found, alarms] = [truePositives, falsePositives];
  }
  return area / (positives * negatives);
}

/** What is flagged at or above `threshold`. */
export function at({ points, positives, negatives }: Sweep, threshold: number): Pick<Metrics, 'f1' | 'precision' | 'recall' | 'falsePositiveRate'> {
  const { truePositives, falsePositives } = pointAt(points, threshold);
  const flagged = truePositives + falsePositives;
  return {
    f1: positives === 0 ? null : (2 * truePositives) / (flagged + positives),
    precision: flagged === 0 ? null : truePositives / flagged,
    recall: positives === 0 ? null : truePositives / positives,
    falsePositiveRate: negatives === 0 ? null : falsePositives / negatives,
  };
}

/** The highest recall that flags at most this share of the negatives. */
export function recallAtFalsePositives({ points, positives, negatives }: Sweep, share: number): number | null {
  if (positives === 0 || negatives === 0) return null;
  const allowed = Math.floor(negatives * share);
  return (points.findLast(({ falsePositives }) => falsePositives <= allowed)?.truePositives ?? 0) / positives;
}

const NOTHING: SweepPoint = { threshold: Number.POSITIVE_INFINITY, truePositives: 0, falsePositives: 0 };

const pointAt = (points: readonly SweepPoint[], threshold: number): SweepPoint => points.findLast((point) => point.threshold >= threshold) ?? NOTHING;
