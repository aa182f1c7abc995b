import { LlamaCoreError } from '../errors.js';
import type { Checkpoint, MatrixDelta } from '../weights/checkpoint.js';

/** Low-rank change of one matrix: ΔW [rows, columns] = b · a, the scaling already multiplied into b. */
export interface LoraModule {
  rank: number;
  rows: number;
  columns: number;
  /** [rank, columns] */
  a: Float32Array;
  /** [rows, rank] */
  b: Float32Array;
}

/** A LoRA adapter; its modules by the Hugging Face names of the matrices they change. */
export interface LoraAdapter {
  /** sha256 (hex) of the adapter's files. */
  sha256: string;
  modules: ReadonlyMap<string, LoraModule>;
}

/** Largest rank that is believed; the largest in use are a few hundred. */
const MAX_RANK = 4096;

/** Shapes of the two factors of a matrix: a [rank, columns], b [rows, rank]. */
export interface FactorShapes {
  a: readonly number[];
  b: readonly number[];
}

/**
 * Checks the factors of a matrix against each other and against the model, before they are read: a file may claim anything.
 * @throws LlamaCoreError `adapter_invalid`, or `adapter_mismatch` naming the matrix that the model has not, or has in another shape.
 */
export function refuseForeignFactors(name: string, { a, b }: FactorShapes, checkpoint: Checkpoint): void {
  const [rank = 0, columns = 0] = a;
  if (a.length !== 2 || b.length !== 2 || rank !== b[1] || rank < 1 || rank > MAX_RANK) throw new LlamaCoreError('adapter_invalid', `${name}: expected factors [rank, columns] and [rows, rank], got [${a.join(', ')}] and [${b.join(', ')}].`, { param: name });
  const shape = checkpoint.shapeOf(name);
  if (shape?.join() !== `${b[0]},${columns}`) throw new LlamaCoreError('adapter_mismatch', `The adapter changes ${name} [${b[0]}, ${columns}]; the model has ${shape ? `[${shape.join(', ')}]` : 'no such matrix'}.`, { param: name });
}

/** A module of two factors of checked shapes, with the scaling multiplied in. @throws LlamaCoreError `adapter_invalid` for numbers that are not finite. */
export function loraModule(name: string, factors: { a: Float32Array; b: Float32Array; shapes: FactorShapes; scaling: number }): LoraModule {
  const { a, b, shapes, scaling } = factors;
  const scaled = b.map((value) => value * scaling);
  if (!(scaled.every(Number.isFinite) && a.every(Number.isFinite))) throw new LlamaCoreError('adapter_invalid', `${name}: expected finite numbers.`, { param: name });
  return { rank: shapes.a[0] ?? 0, rows: shapes.b[0] ?? 0, columns: shapes.a[1] ?? 0, a, b: scaled };
}

/** ΔW of one module, for merging. */
class LoraDelta implements MatrixDelta {
  constructor(private readonly module: LoraModule) {}

  addTo(values: Float32Array, firstRow: number): void {
    const { rank, columns, a, b } = this.module;
    for (let row = 0; row * columns < values.length; row++)
      for (let r = 0; r < rank; r++) {
        const factor = b[(firstRow + row) * rank + r]!;
        for (let c = 0, at = row * columns, from = r * columns; c < columns; c++) values[at + c]! += factor * a[from + c]!;
      }
  }
}

/** What merging the adapter adds to each matrix. */
export const deltasOf = (adapter: LoraAdapter): Map<string, MatrixDelta> => new Map([...adapter.modules].map(([name, module]) => [name, new LoraDelta(module)]));
