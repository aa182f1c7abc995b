import { type AuditRow, isFlagged } from './audit-row.js';

const TOP = 20;
const MOST_CHARS = 256;

/** Lines of one source, and how many of them were held back or put before a person. */
export interface SourceCount {
  source: string;
  lines: number;
  flagged: number;
}

/** The sources with the most lines. `max_error` 0: every number is exact; else a source may have up to that many lines more than shown. */
export interface TopSources {
  top: SourceCount[];
  distinct: number | null;
  max_error: number;
  without: number;
}

/** Counts lines by source: exactly up to twice `capacity` sources, above that with the sketch of Misra and Gries, whose error is at most lines / capacity. */
export class SourceTally {
  private readonly counts = new Map<string, { lines: number; flagged: number }>();
  private error = 0;
  private without = 0;

  constructor(private readonly capacity = 10_000) {}

  add({ result, source }: AuditRow): void {
    if (source === undefined) {
      this.without += 1;
      return;
    }
    const name = source.slice(0, MOST_CHARS);
    const count = this.counts.get(name) ?? { lines: 0, flagged: 0 };
    count.lines += 1;
    count.flagged += Number(isFlagged(result));
    this.counts.set(name, count);
    if (this.counts.size >= 2 * this.capacity) this.shrink();
  }

  /** Undefined when no line has a source. */
  report(): TopSources | undefined {
    if (this.counts.size === 0 && this.error === 0) return undefined;
    const ordered = [...this.counts].map(([source, count]) => ({ source, ...count })).sort((a, b) => b.lines - a.lines || b.flagged - a.flagged || a.source.localeCompare(b.source));
    return { top: ordered.slice(0, TOP), distinct: this.error === 0 ? this.counts.size : null, max_error: this.error, without: this.without };
  }

  /** Takes from every count what the first one beyond capacity has; those with no more are forgotten. */
  private shrink(): void {
    const cut = [...this.counts.values()].map(({ lines }) => lines).sort((a, b) => b - a)[this.capacity]!;
    this.error += cut;
    for (const [source, count] of this.counts) {
      count.lines -= cut;
      if (count.lines <= 0) this.counts.delete(source);
    }
  }
}
