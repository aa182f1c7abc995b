import { at, type Calibration, calibration, type Interval, intervals, type Metrics, metrics, type ScoredRows, type Sweep, sweep } from '@sallyport/reporting';
import type { Target } from './evaluation-rows.js';
import type { ScoredRow, ScoredSet } from './score-set.js';

/** Rows that a set tags alike, at the set's threshold. */
export interface TagFigures {
  tag: string;
  rows: number;
  positives: number;
  flagged: number;
  recall: number | null;
  falsePositiveRate: number | null;
  meanScore: number;
}

/** A hazard's own score: rows known to show it against harmless rows. */
export interface HazardFigures extends Pick<Metrics, 'auprc' | 'auroc' | 'f1' | 'recall' | 'falsePositiveRate'> {
  hazard: string;
  positives: number;
  negatives: number;
  threshold: number;
}

/** Everything that is reported of one model on one set. */
export interface SetEvaluation {
  set: string;
  target: Target;
  model: string;
  threshold: number;
  rows: number;
  positives: number;
  failed: ScoredSet['failed'];
  metrics: Metrics;
  intervals: Partial<Record<keyof Metrics, Interval>>;
  calibration: Calibration;
  tags: TagFigures[];
  hazards: HazardFigures[];
  /** What each threshold would do, in hundredths. */
  thresholds: ThresholdFigures[];
  sweep: Sweep;
}

export type ThresholdFigures = { threshold: number } & ReturnType<typeof at>;

export interface EvaluationSettings {
  threshold: number;
  /** Threshold of a hazard's own score. */
  hazardThreshold: (hazard: string) => number;
  replicates: number;
  seed: number;
}

const MOST_TAGS = 60;
const HUNDREDTHS = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/** Figures of a scored set. */
export function evaluateSet(name: string, target: Target, scored: ScoredSet, settings: EvaluationSettings): SetEvaluation {
  const { threshold } = settings;
  const rows = columns(scored.rows);
  const swept = sweep(rows);
  return {
    set: name, target, model: scored.model, threshold, rows: scored.rows.length, positives: swept.positives, failed: scored.failed,
    metrics: metrics(swept, threshold), intervals: intervals(rows, settings), calibration: calibration(rows), thresholds: HUNDREDTHS.map((value) => ({ threshold: value, ...at(swept, value) })),
    tags: tagFigures(scored.rows, threshold), hazards: target === 'harm' ? hazardFigures(scored.rows, settings.hazardThreshold) : [], sweep: swept,
  };
}

const columns = (rows: readonly ScoredRow[]): ScoredRows => ({ targets: rows.map(({ label }) => label), scores: rows.map(({ score }) => score) });

function tagFigures(rows: readonly ScoredRow[], threshold: number): TagFigures[] {
  const byTag = new Map<string, ScoredRow[]>();
  for (const row of rows) for (const tag of new Set(row.categories)) byTag.set(tag, [...(byTag.get(tag) ?? []), row]);
  const figures = [...byTag].map(([tag, members]): TagFigures => {
    const swept = sweep(columns(members));
    const { recall, falsePositiveRate } = metrics(swept, threshold);
    return { tag, rows: members.length, positives: swept.positives, flagged: members.filter(({ score }) => score >= threshold).length, recall, falsePositiveRate, meanScore: members.reduce((sum, { score }) => sum + score, 0) / members.length };
  });
  return figures.sort((a, b) => b.rows - a.rows || a.tag.localeCompare(b.tag)).slice(0, MOST_TAGS);
}

function hazardFigures(rows: readonly ScoredRow[], thresholdOf: (hazard: string) => number): HazardFigures[] {
  const hazards = [...new Set(rows.flatMap((row) => row.hazards))].filter((hazard) => rows.some(({ hazardScores }) => hazardScores[hazard] !== undefined));
  return hazards.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).map((hazard) => {
    const known = rows.filter((row) => row.label === 0 || row.hazards.includes(hazard));
    const swept = sweep({ targets: known.map(({ label }) => label), scores: known.map(({ hazardScores }) => hazardScores[hazard] ?? 0) });
    const threshold = thresholdOf(hazard);
    const { auprc, auroc, f1, recall, falsePositiveRate } = metrics(swept, threshold);
    return { hazard, positives: swept.positives, negatives: swept.negatives, threshold, auprc, auroc, f1, recall, falsePositiveRate };
  });
}
