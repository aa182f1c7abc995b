/** How much of the past a measurement outweighs. */
const WEIGHT = 0.5;

/** How many chunks a turn takes: as many as lately took the target time, so that turns cost about the same whatever the guards are. */
export class TurnPace {
  private chunksPerMs: number | undefined;

  constructor(private readonly limits: { turnMs: number; most: number }) {}

  /** At least 1; 1 until something was measured. */
  get chunks(): number {
    const { turnMs, most } = this.limits;
    return Math.min(most, Math.max(1, Math.floor((this.chunksPerMs ?? 0) * turnMs)));
  }

  /** Chunks that were screened as they are, and how long that took. */
  measured(chunks: number, ms: number): void {
    if (chunks === 0) return;
    const now = chunks / Math.max(ms, 1);
    this.chunksPerMs = this.chunksPerMs === undefined ? now : WEIGHT * now + (1 - WEIGHT) * this.chunksPerMs;
  }
}
