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
  intervals: Partial<Record<keyof Metrics, Interval>>;
}

/** Which part of a set's positives and negatives something holds for; `null` where there are none. */
interface Shares {
  positives: number | null;
  negatives: number | null;
}

/** What the policy makes of a set, by all its rules for the screen that is measured. */
export interface PolicyFigures {
  blocked: Shares;
  /** Rules that a row met, and which part of the rows met each. */
  rules: Array<Shares & { rule: string }>;
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
  policy: PolicyFigures;
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
    tags: tagFigures(scored.rows, threshold), hazards: target === 'harm' ? hazardFigures(scored.rows, settings) : [], policy: policyFigures(scored.rows), sweep: swept,
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

function policyFigures(rows: readonly ScoredRow[]): PolicyFigures {
  const sharesOf = (holds: (row: ScoredRow) => boolean): Shares => ({ positives: share(rows.filter(({ label }) => label === 1), holds), negatives: share(rows.filter(({ label }) => label === 0), holds) });
  const rules = [...new Set(rows.flatMap(({ met }) => met))].sort(byCode);
  return { blocked: sharesOf(({ blocked }) => blocked), rules: rules.map((rule) => ({ rule, ...sharesOf(({ met }) => met.includes(rule)) })) };
}

const share = <T>(all: readonly T[], holds: (one: T) => boolean): number | null => (all.length === 0 ? null : all.filter(holds).length / all.length);

/** S2 before S10. */
const byCode = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

function hazardFigures(rows: readonly ScoredRow[], { hazardThreshold, replicates, seed }: EvaluationSettings): HazardFigures[] {
  const hazards = [...new Set(rows.flatMap((row) => row.hazards))].filter((hazard) => rows.some(({ hazardScores }) => hazardScores[hazard] !== undefined));
  return hazards.sort(byCode).map((hazard) => {
    const known = rows.filter((row) => row.label === 0 || row.hazards.includes(hazard));
    const scored = { targets: known.map(({ label }) => label), scores: known.map(({ hazardScores }) => hazardScores[hazard] ?? 0) };
    const swept = sweep(scored);
    const threshold = hazardThreshold(hazard);
    const { auprc, auroc, f1, recall, falsePositiveRate } = metrics(swept, threshold);
    return { hazard, positives: swept.positives, negatives: swept.negatives, threshold, auprc, auroc, f1, recall, falsePositiveRate, intervals: intervals(scored, { threshold, replicates, seed }) };
  });
}
