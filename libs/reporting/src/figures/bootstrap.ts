import { type Metrics, metrics } from './metrics.js';
import { byScore, type ScoredRows, sweep } from './sweep.js';

/** A 95 % interval: the 2.5th and 97.5th percentile of the replicates. */
export type Interval = [low: number, high: number];

export interface BootstrapSettings {
  threshold: number;
  replicates: number;
  /** The same seed gives the same intervals. */
  seed: number;
}

/** Percentile intervals of every figure: the rows are drawn again with replacement. A figure that half of the draws cannot give has none. */
export function intervals(rows: ScoredRows, { threshold, replicates, seed }: BootstrapSettings): Partial<Record<keyof Metrics, Interval>> {
  const order = byScore(rows);
  const random = generator(seed);
  const drawn = Array.from({ length: replicates }, () => metrics(sweep(rows, order, draw(order.length, random)), threshold));
  const names = Object.keys(drawn[0] ?? {}) as Array<keyof Metrics>;
  return Object.fromEntries(names.flatMap((name) => {
    const values = drawn.map((figures) => figures[name]).filter((value) => value !== null).sort((a, b) => a - b);
    return values.length * 2 > replicates ? [[name, [percentile(values, 0.025), percentile(values, 0.975)]]] : [];
  }));
}

/** How often each row comes up in as many draws as there are rows. */
function draw(rows: number, random: () => number): Uint16Array {
  const times = new Uint16Array(rows);
  for (let i = 0; i < rows; i += 1) times[Math.floor(random() * rows)]! += 1;
  return times;
}

const percentile = (ordered: readonly number[], share: number): number => ordered[Math.min(ordered.length - 1, Math.round(share * (ordered.length - 1)))]!;

/** Mulberry32: small, seeded, good enough for resampling. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
