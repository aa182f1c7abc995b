import type { AdapterBank } from '../adapters/adapter-bank.js';
import { ADAPTER_INPUTS, HEAD_TENSOR } from '../graph/adapter-branches.js';
import { type Feeds, int64Tensor } from './ort-session.js';

/** One row of a group alone would be multiplied by another routine, whose last bits differ: answers must not depend on the batch. */
const LEAST_WIDTH = 2;

/** Which sequence uses which adapter of a bank, and what the graph has to be told about it. */
export class AdapterSelection {
  private readonly chosen = new Map<number, number>();

  constructor(private readonly bank: AdapterBank) {}

  /** @throws LlamaCoreError `invalid_request` when there is no adapter of that name. */
  use(id: number, name: string): void {
    this.chosen.set(id, this.bank.numberOf(name));
  }

  release(id: number): void {
    this.chosen.delete(id);
  }

  /** Inputs for a batch of sequences with `newTokens` rows each, of which the logits of `logitRows` are wanted. */
  feeds(ids: readonly number[], newTokens: number, logitRows: readonly number[]): Feeds {
    const all = Array.from({ length: ids.length * newTokens }, (_, row) => row);
    const numberOf = (row: number) => this.chosen.get(ids[Math.floor(row / newTokens)]!);
    const { tensors } = this.bank;
    const head = tensors.has(HEAD_TENSOR) ? grouped(ADAPTER_INPUTS.head, logitRows.map(numberOf)) : {};
    // A graph declares only the inputs that it uses.
    return tensors.size > (tensors.has(HEAD_TENSOR) ? 1 : 0) ? { ...head, ...grouped(ADAPTER_INPUTS.layers, all.map(numberOf)) } : head;
  }
}

/** Rows by adapter; `numbers` is the adapter of each row. */
function grouped(inputs: { groups: string; rows: string }, numbers: ReadonlyArray<number | undefined>): Feeds {
  const groups = new Map<number, number[]>();
  for (const [row, number] of numbers.entries()) {
    if (number === undefined) continue;
    const group = groups.get(number);
    if (group) group.push(row);
    else groups.set(number, [row]);
  }
  const width = [...groups.values()].reduce((longest, { length }) => Math.max(longest, length), LEAST_WIDTH);
  const rows = [...groups.values()].flatMap((group) => [...group, ...new Array<number>(width - group.length).fill(group[0]!)]);
  return { [inputs.groups]: int64Tensor([...groups.keys()], [groups.size]), [inputs.rows]: int64Tensor(rows, [groups.size, width]) };
}
