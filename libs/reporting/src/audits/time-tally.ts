import { type DecisionCounts, decisionOf, noDecisions, type AuditRow } from './audit-row.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 5 January 1970, a Monday: where every unit begins, so that each holds whole ones of the unit before. */
const MONDAY_MS = 4 * DAY_MS;
const UNITS = [{ name: 'hour', ms: HOUR_MS }, { name: 'day', ms: DAY_MS }, { name: 'week', ms: 7 * DAY_MS }, { name: '52 weeks', ms: 364 * DAY_MS }] as const;
/** More buckets than this are joined into the next unit: what is kept stays small, and every count exact. */
const MOST_BUCKETS = 4_000;
/** Most bars that a plot shows. */
const MOST_SHOWN = 200;
const [EARLIEST_MS, LATEST_MS] = [0, Date.UTC(2200, 0, 1)];

/** Lines of one span of time, from `from` (ISO 8601, UTC) on. */
export interface TimeBucket extends DecisionCounts {
  from: string;
}

/** Decisions over time by the lines' own timestamps. `without`: lines that have none, or none between 1970 and 2200. */
export interface Timeline {
  unit: (typeof UNITS)[number]['name'];
  unit_s: number;
  buckets: TimeBucket[];
  without: number;
}

/** Counts decisions by hour, day or week, whichever the span asks for. */
export class TimeTally {
  private buckets = new Map<number, DecisionCounts>();
  private unit = 0;
  private without = 0;

  add({ result, timestampMs }: AuditRow): void {
    if (timestampMs === undefined || !(timestampMs >= EARLIEST_MS && timestampMs < LATEST_MS)) {
      this.without += 1;
      return;
    }
    this.at(Math.floor((timestampMs - MONDAY_MS) / this.unitMs))[decisionOf(result)] += 1;
    if (this.buckets.size > MOST_BUCKETS) this.widen();
  }

  /** Undefined when no line has a timestamp. */
  report(): Timeline | undefined {
    if (this.buckets.size === 0) return undefined;
    while (this.span() > MOST_SHOWN && this.unit < UNITS.length - 1) this.widen();
    const ordered = [...this.buckets].sort(([a], [b]) => a - b);
    const buckets = ordered.map(([index, counts]) => ({ from: new Date(index * this.unitMs + MONDAY_MS).toISOString(), ...counts }));
    return { unit: UNITS[this.unit]!.name, unit_s: this.unitMs / 1_000, buckets, without: this.without };
  }

  private get unitMs(): number {
    return UNITS[this.unit]!.ms;
  }

  private at(index: number): DecisionCounts {
    const known = this.buckets.get(index) ?? noDecisions();
    this.buckets.set(index, known);
    return known;
  }

  /** Units from the first bucket to the last, the empty ones between them too. */
  private span(): number {
    const indices = [...this.buckets.keys()];
    return Math.max(...indices) - Math.min(...indices) + 1;
  }

  private widen(): void {
    if (this.unit === UNITS.length - 1) return;
    const [old, oldMs] = [this.buckets, this.unitMs];
    this.unit += 1;
    this.buckets = new Map();
    for (const [index, counts] of old) {
      const sum = this.at(Math.floor((index * oldMs) / this.unitMs));
      for (const name of Object.keys(counts) as Array<keyof DecisionCounts>) sum[name] += counts[name];
    }
  }
}
