import type { AdapterBank } from '../adapters/adapter-bank.js';
import type { GraphBuilder, Value } from './graph-builder.js';
import { type StackedMatrix, totalRows } from './stacked-matrix.js';

/** Graph inputs that say which rows of a linear layer go through which adapter; the head has its own, because it sees only the rows whose logits are wanted. */
export const ADAPTER_INPUTS = {
  layers: { groups: 'adapter_groups', rows: 'adapter_rows' },
  head: { groups: 'adapter_logit_groups', rows: 'adapter_logit_rows' },
} as const;

/** The output projection. */
export const HEAD_TENSOR = 'lm_head.weight';

/**
 * Adds switchable LoRA adapters to linear layers: rows are gathered by adapter, y[rows] + x[rows] · a · b is computed for each group, and scattered back.
 * Inputs: `groups` int64 [groups], adapter numbers; `rows` int64 [groups, width], rows of x; a group that is shorter repeats one of its rows.
 * Rows of no group are untouched, and a run without groups computes nothing.
 */
export class AdapterBranches {
  private readonly targets = new Map<string, Value>();

  constructor(
    private readonly builder: GraphBuilder,
    private readonly bank: AdapterBank,
  ) {}

  /** Not the routed experts: their rows are sorted by expert, while the mask is by token. An adapter that changes them is then refused as unused. */
  covers(matrix: StackedMatrix): boolean {
    return !matrix.name.includes('.expert') && matrix.parts.some(({ tensor }) => this.bank.tensors.has(tensor));
  }

  /** `y` [n, rows] with what the adapters add for `x` [n, columns]. */
  async add(x: Value, y: Value, matrix: StackedMatrix): Promise<Value> {
    const { builder: b } = this;
    const { name, parts } = matrix;
    await this.write(matrix);
    const { groups, rows } = ADAPTER_INPUTS[parts[0]?.tensor === HEAD_TENSOR ? 'head' : 'layers'];
    const target = this.targetOf(groups, rows);
    const down = b.node('MatMul', `${name}.lora_down`, [b.node('Gather', `${name}.lora_x`, [x, rows]), b.node('Gather', `${name}.lora_a.group`, [`${name}.lora_a`, groups])]);
    const up = b.node('MatMul', `${name}.lora_up`, [down, b.node('Gather', `${name}.lora_b.group`, [`${name}.lora_b`, groups])]);
    const sum = b.node('Add', `${name}.lora_sum`, [b.node('Gather', `${name}.lora_y`, [y, rows]), up]);
    return b.node('ScatterND', `${name}.adapted`, [y, target, sum], { outputs: [name] });
  }

  private async write(matrix: StackedMatrix): Promise<void> {
    const { name, parts, columns } = matrix;
    const ranks = parts.length * this.bank.rank;
    const a = this.builder.slot(`${name}.lora_a`, 'float32', [this.bank.size, columns, ranks]);
    const b = this.builder.slot(`${name}.lora_b`, 'float32', [this.bank.size, ranks, totalRows(matrix)]);
    for (const factors of this.bank.factorsOf(parts, columns)) {
      await a.write(factors.a);
      await b.write(factors.b);
    }
  }

  /** Declares the inputs when they are first needed; rows as ScatterND wants them, [groups, width, 1]. */
  private targetOf(groups: Value, rows: Value): Value {
    const known = this.targets.get(rows);
    if (known !== undefined) return known;
    this.builder.input(groups, 'int64', [groups]);
    this.builder.input(rows, 'int64', [groups, `${rows}.width`]);
    const target = this.builder.node('Unsqueeze', `${rows}.target`, [rows, this.builder.int64([-1])]);
    this.targets.set(rows, target);
    return target;
  }
}
