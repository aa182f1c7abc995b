import { at, type Metrics } from './metrics.js';
import { type ScoredRows, type SweepPoint, sweep } from './sweep.js';

/** A threshold, and on how many of the labelled rows it would say something else than the labels. */
export interface ThresholdFit extends Pick<Metrics, 'precision' | 'recall' | 'f1'> {
  threshold: number;
  mismatches: number;
}

/**
 * The threshold that matches labels best: fewest rows judged otherwise, of equals the one nearest to `now`. It lies midway between two scores, so that small changes of scores do not matter;
 * above the highest score nothing is flagged. Empty rows have none: the caller asks with both kinds of labels.
 */
export function bestThreshold(rows: ScoredRows, now: number): { best: ThresholdFit; current: ThresholdFit } {
  const swept = sweep(rows);
  const wrong = ({ truePositives, falsePositives }: Pick<SweepPoint, 'truePositives' | 'falsePositives'>) => swept.positives - truePositives + falsePositives;
  const fit = (threshold: number): ThresholdFit => {
    const point = swept.points.findLast((one) => one.threshold >= threshold) ?? { truePositives: 0, falsePositives: 0 };
    const { precision, recall, f1 } = at(swept, threshold);
    return { threshold, mismatches: wrong(point), precision, recall, f1 };
  };
  const candidates = [now, 1, ...swept.points.map(({ threshold }, i) => (threshold + (swept.points[i + 1]?.threshold ?? 0)) / 2)].map(fit);
  const better = (a: ThresholdFit, b: ThresholdFit) => a.mismatches - b.mismatches || Math.abs(a.threshold - now) - Math.abs(b.threshold - now);
  return { best: candidates.reduce((found, one) => (better(one, found) < 0 ? one : found)), current: fit(now) };
}
