/** How far two judges agree on the same lines; `kappa` is Cohen's, null where it is undefined: both always say the same one thing. */
export interface Agreement {
  lines: number;
  /** Share of the lines on which they say the same; null without lines. */
  agreement: number | null;
  kappa: number | null;
}

/** Counts of two judges' yes and no. */
export class AgreementTally {
  private readonly counts = { both: 0, first: 0, second: 0, neither: 0 };

  add(first: boolean, second: boolean): void {
    this.counts[first ? (second ? 'both' : 'first') : second ? 'second' : 'neither'] += 1;
  }

  /** Cohen's kappa: the agreement beyond what the judges' own shares of yes would give by chance. */
  report(): Agreement {
    const { both, first, second, neither } = this.counts;
    const lines = both + first + second + neither;
    if (lines === 0) return { lines, agreement: null, kappa: null };
    const observed = (both + neither) / lines;
    const chance = ((both + first) * (both + second) + (neither + second) * (neither + first)) / lines ** 2;
    return { lines, agreement: observed, kappa: chance === 1 ? null : (observed - chance) / (1 - chance) };
  }
}
