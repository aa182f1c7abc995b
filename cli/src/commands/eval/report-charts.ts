import { chart, type Line } from '@sallyport/reporting';
import type { SetEvaluation } from './evaluate-set.js';

/** The four plots of a set: precision by recall, recall by false positives, what each threshold does, and whether scores are probabilities. */
export function chartsOf(evaluation: SetEvaluation): string[] {
  const { positives, negatives } = evaluation.sweep;
  const ranked = positives > 0 && negatives > 0;
  return [
    ...(ranked ? [precisionRecall(evaluation), receiver(evaluation)] : []),
    thresholds(evaluation),
    reliability(evaluation),
  ];
}

function precisionRecall({ sweep: { points, positives } }: SetEvaluation): string {
  const line = points.map(({ truePositives, falsePositives }) => [truePositives / positives, truePositives / (truePositives + falsePositives)] as const);
  return chart({ title: 'Precision and recall', x: 'recall', y: 'precision' }, [{ name: 'precision', points: line }]);
}

function receiver({ sweep: { points, positives, negatives } }: SetEvaluation): string {
  const line = [[0, 0] as const, ...points.map(({ truePositives, falsePositives }) => [falsePositives / negatives, truePositives / positives] as const)];
  return chart({ title: 'Receiver operating characteristic', x: 'false-positive rate', y: 'recall' }, [{ name: 'recall', points: line }], true);
}

function thresholds({ sweep: { points, positives, negatives }, threshold }: SetEvaluation): string {
  const lines: Line[] = [];
  if (positives > 0) {
    lines.push({ name: 'recall', points: points.map((point) => [point.threshold, point.truePositives / positives]) });
    lines.push({ name: 'precision', points: points.map((point) => [point.threshold, point.truePositives / (point.truePositives + point.falsePositives)]) });
    lines.push({ name: 'F1', points: points.map((point) => [point.threshold, (2 * point.truePositives) / (point.truePositives + point.falsePositives + positives)]) });
  }
  if (negatives > 0) lines.push({ name: 'false positives', points: points.map((point) => [point.threshold, point.falsePositives / negatives]) });
  lines.push({ name: `threshold ${threshold}`, points: [[threshold, 0], [threshold, 1]] });
  return chart({ title: 'Threshold sweep', x: 'threshold', y: 'share' }, lines);
}

function reliability({ calibration: { bins, ece } }: SetEvaluation): string {
  const line: Line = { name: 'observed', points: bins.map(({ promised, observed }) => [promised, observed]), dots: true };
  return chart({ title: `Reliability (ECE ${ece.toFixed(3)})`, x: 'mean score', y: 'share of positives' }, [line], true);
}
