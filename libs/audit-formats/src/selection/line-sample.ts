import { lineHash } from './line-hash.js';

/** Which lines are screened. */
export type LineSample = (line: number) => boolean;

/** Every line. */
export const everyLine: LineSample = () => true;

/** A share of the lines, chosen by the seed. */
export const shareOfLines = (share: number, seed: number): LineSample => (line) => lineHash(seed, line) < share;

/** Exactly `count` lines, or all where there are fewer: those with the smallest hashes. `lines` is read once to its end. */
export async function countOfLines(count: number, seed: number, lines: AsyncIterable<number>): Promise<LineSample> {
  const smallest = new Smallest(count);
  for await (const line of lines) smallest.add({ hash: lineHash(seed, line), line });
  const chosen = new Set(smallest.lines());
  return (line) => chosen.has(line);
}

interface HashedLine {
  hash: number;
  line: number;
}

/** The entries with the smallest hashes: a heap with the largest of them on top. */
class Smallest {
  private readonly heap: HashedLine[] = [];

  constructor(private readonly size: number) {}

  add(entry: HashedLine): void {
    if (this.heap.length < this.size) this.up(this.heap.push(entry) - 1);
    else if (this.heap[0] && precedes(entry, this.heap[0])) {
      this.heap[0] = entry;
      this.down(0);
    }
  }

  lines(): number[] {
    return this.heap.map(({ line }) => line);
  }

  private up(at: number): void {
    const parent = (at - 1) >> 1;
    if (at === 0 || !precedes(this.heap[parent]!, this.heap[at]!)) return;
    this.swap(at, parent);
    this.up(parent);
  }

  private down(at: number): void {
    const [left, right] = [this.heap[at * 2 + 1], this.heap[at * 2 + 2]];
    const larger = left && right ? (precedes(left, right) ? at * 2 + 2 : at * 2 + 1) : at * 2 + 1;
    if (!left || !precedes(this.heap[at]!, this.heap[larger]!)) return;
    this.swap(at, larger);
    this.down(larger);
  }

  private swap(one: number, other: number): void {
    [this.heap[one], this.heap[other]] = [this.heap[other]!, this.heap[one]!];
  }
}

const precedes = (one: HashedLine, other: HashedLine): boolean => one.hash < other.hash || (one.hash === other.hash && one.line < other.line);
