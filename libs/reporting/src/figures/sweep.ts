/** What a classifier said of the rows of a set: `targets[i]` is 1 where the label holds, `scores[i]` its probability 0–1. */
export interface ScoredRows {
  targets: readonly number[];
  scores: readonly number[];
}

/** Weighted counts of the rows at or above `threshold`. */
export interface SweepPoint {
  threshold: number;
  truePositives: number;
  falsePositives: number;
}

/** Every threshold at which something changes, from the highest score down, and the totals. */
export interface Sweep {
  points: SweepPoint[];
  positives: number;
  negatives: number;
}

/** Row numbers from the highest score to the lowest. */
export const byScore = ({ scores }: ScoredRows): number[] => scores.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]!);

/**
 * Walks the rows from the highest score down; rows with the same score pass together.
 * `order` saves sorting again; `weights` (how often a row counts, one each by default) is what the bootstrap draws.
 */
export function sweep({ targets, scores }: ScoredRows, order = byScore({ targets, scores }), weights?: ArrayLike<number>): Sweep {
  const points: SweepPoint[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (let at = 0; at < order.length; at += 1) {
    const row = order[at]!;
    const weight = weights?.[row] ?? 1;
    if (targets[row] === 1) truePositives += weight;
    else falsePositives += weight;
    const next = order[at + 1];
    if (next === undefined || scores[next] !== scores[row]) points.push({ threshold: scores[row]!, truePositives, falsePositives });
  }
  return { points, positives: truePositives, negatives: falsePositives };
}
