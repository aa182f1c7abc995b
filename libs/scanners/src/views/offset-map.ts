/** A half-open range of UTF-16 offsets. */
export interface Span {
  start: number;
  end: number;
}

/** Leads from offsets of a view back to the text that it was made from. */
export interface OffsetMap {
  /** The span of the original that `[start, end)` of the view stands for. */
  toSource(start: number, end: number): Span;
}

/** Past this many pieces a map grows coarse (positions become spans) instead of long. */
const MAX_RUNS = 1 << 18;

/** Writes a view from left to right and remembers where each piece came from. */
export class ViewBuilder {
  private units: Uint16Array;
  private length = 0;
  /** Triples: view offset, source start, source end. A run whose two lengths are equal maps unit by unit. */
  private readonly runs: number[] = [];

  constructor(private readonly source: string) {
    this.units = new Uint16Array(source.length + 16);
  }

  /** Takes `[from, to)` of the source as it is. */
  copy(from: number, to: number): void {
    if (to <= from) return;
    this.note(to - from, from, to);
    this.reserve(to - from);
    for (let at = from; at < to; at++) this.units[this.length++] = this.source.charCodeAt(at);
  }

  /** Writes `text` for `[from, to)` of the source. */
  put(text: string, from: number, to: number): void {
    if (text === '') return;
    this.note(text.length, from, to);
    this.reserve(text.length);
    for (let at = 0; at < text.length; at++) this.units[this.length++] = text.charCodeAt(at);
  }

  finish(): { text: string; map: OffsetMap } {
    // Not TextDecoder: lone surrogates have to survive.
    const text = Buffer.from(this.units.buffer, 0, this.length * 2).toString('utf16le');
    return { text, map: new RunMap(this.runs, text.length) };
  }

  private note(size: number, from: number, to: number): void {
    const { runs } = this;
    const last = runs.length - 3;
    if (last >= 0) {
      const linear = this.length - (runs[last] as number) === (runs[last + 2] as number) - (runs[last + 1] as number);
      const follows = runs[last + 2] === from;
      if ((linear && follows && size === to - from) || runs.length >= MAX_RUNS * 3) {
        runs[last + 2] = Math.max(to, runs[last + 2] as number);
        return;
      }
    }
    runs.push(this.length, from, to);
  }

  private reserve(size: number): void {
    if (this.length + size <= this.units.length) return;
    const grown = new Uint16Array(Math.max(this.length + size, Math.ceil(this.units.length * 1.5)));
    grown.set(this.units);
    this.units = grown;
  }
}

class RunMap implements OffsetMap {
  constructor(
    private readonly runs: readonly number[],
    private readonly viewLength: number,
  ) {}

  toSource(start: number, end: number): Span {
    if (this.runs.length === 0) return { start: 0, end: 0 };
    const first = this.at(start);
    const from = first.linear ? first.from + (start - first.view) : first.from;
    if (end <= start) return { start: from, end: from };
    const last = this.at(end - 1);
    return { start: from, end: last.linear ? last.from + (end - last.view) : last.to };
  }

  private at(offset: number): { view: number; from: number; to: number; linear: boolean } {
    const { runs } = this;
    let low = 0;
    let high = runs.length / 3 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((runs[middle * 3] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const [view, from, to] = [runs[low * 3] as number, runs[low * 3 + 1] as number, runs[low * 3 + 2] as number];
    const next = runs[low * 3 + 3] ?? this.viewLength;
    return { view, from, to, linear: next - view === to - from };
  }
}

/** The way back through two views, the later one first. */
export function composeMaps(later: OffsetMap, earlier: OffsetMap | undefined): OffsetMap {
  if (!earlier) return later;
  return {
    toSource: (start, end) => {
      const span = later.toSource(start, end);
      return earlier.toSource(span.start, span.end);
    },
  };
}
