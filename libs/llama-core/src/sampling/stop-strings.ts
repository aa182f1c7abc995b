/** Looks for stop strings in growing text; text that may be the beginning of one is kept back. */
export class StopStrings {
  private pending = '';
  private found = false;

  constructor(private readonly stops: readonly string[]) {}

  /** True once a stop string occurred; nothing comes out after it. */
  get stopped(): boolean {
    return this.found;
  }

  /** Adds text, returns what is certainly not part of a stop string. */
  push(text: string): string {
    if (this.found) return '';
    this.pending += text;
    const at = this.firstStop();
    if (at >= 0) {
      this.found = true;
      return this.take(at);
    }
    return this.take(this.pending.length - this.possibleStart());
  }

  /** The rest, when no more text will come. */
  flush(): string {
    return this.found ? '' : this.take(this.pending.length);
  }

  private take(length: number): string {
    const out = this.pending.slice(0, length);
    this.pending = this.pending.slice(length);
    return out;
  }

  private firstStop(): number {
    const places = this.stops.map((stop) => this.pending.indexOf(stop)).filter((at) => at >= 0);
    return places.length === 0 ? -1 : Math.min(...places);
  }

  /** Length of the longest end of the text that a stop string begins with. */
  private possibleStart(): number {
    let longest = 0;
    for (const stop of this.stops)
      for (let length = Math.min(stop.length - 1, this.pending.length); length > longest; length--) if (stop.startsWith(this.pending.slice(-length))) longest = length;
    return longest;
  }
}
