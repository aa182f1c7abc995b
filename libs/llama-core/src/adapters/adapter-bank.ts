import { LlamaCoreError } from '../errors.js';
import type { LoraAdapter } from './lora-adapter.js';

/** One matrix of several that are stacked by rows. */
export interface StackedPart {
  tensor: string;
  rows: number;
}

/** Several adapters side by side for one base, each known by a name and a number. */
export class AdapterBank {
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly used = new Set<string>();
  /** Largest rank of any module; smaller ones are padded with zeros. */
  readonly rank: number;
  /** Names of the matrices that any adapter changes. */
  readonly tensors: ReadonlySet<string>;

  constructor(private readonly adapters: ReadonlyMap<string, LoraAdapter>) {
    this.numbers = new Map([...adapters.keys()].map((name, i) => [name, i]));
    this.tensors = new Set([...adapters.values()].flatMap(({ modules }) => [...modules.keys()]));
    this.rank = [...adapters.values()].flatMap(({ modules }) => [...modules.values()]).reduce((widest, { rank }) => Math.max(widest, rank), 1);
  }

  get size(): number {
    return this.adapters.size;
  }

  /** @throws LlamaCoreError `invalid_request` when there is no adapter of that name. */
  numberOf(name: string): number {
    const number = this.numbers.get(name);
    if (number === undefined) throw new LlamaCoreError('invalid_request', `adapter: expected one of ${[...this.numbers.keys()].join(', ')}.`, { param: 'adapter' });
    return number;
  }

  /**
   * Factors of stacked matrices, adapter by adapter: a [width, parts · rank] and b [parts · rank, rows], where the rows of a part see only its own ranks.
   * Zeros where an adapter leaves a matrix alone.
   */
  *factorsOf(parts: readonly StackedPart[], width: number): Generator<{ a: Float32Array; b: Float32Array }> {
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const ranks = parts.length * this.rank;
    for (const { tensor } of parts) this.used.add(tensor);
    for (const { modules } of this.adapters.values()) {
      const [a, b] = [new Float32Array(width * ranks), new Float32Array(ranks * rows)];
      let firstRow = 0;
      for (const [p, part] of parts.entries()) {
        const module = modules.get(part.tensor);
        for (let r = 0; module && r < module.rank; r++) {
          const column = p * this.rank + r;
          for (let c = 0; c < width; c++) a[c * ranks + column] = module.a[r * width + c]!;
          for (let row = 0; row < part.rows; row++) b[column * rows + firstRow + row] = module.b[row * module.rank + r]!;
        }
        firstRow += part.rows;
      }
      yield { a, b };
    }
  }

  /** Matrices that no graph asked for: the model has no use for them. */
  get unused(): string[] {
    return [...this.tensors].filter((tensor) => !this.used.has(tensor));
  }
}
