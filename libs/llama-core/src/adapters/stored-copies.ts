import { LlamaCoreError } from '../errors.js';
import { Checkpoint } from '../weights/checkpoint.js';
import type { TensorInfo, TensorSource } from '../weights/tensor-source.js';

/** Base weights that peft stores beside a trained head or embedding: `base_model.model.` + module path (+ `.base_layer`) + `.weight`. */
const COPY = /^base_model\.model\.(.+?)(?:\.base_layer)?\.weight$/;

/**
 * Tensors of an adapter that are no LoRA factors pass when they repeat the model's own values; then they change nothing.
 * @throws LlamaCoreError `adapter_unsupported` naming a tensor that is something else or was trained.
 */
export async function refuseChangedCopies(file: TensorSource, others: readonly TensorInfo[], base: Checkpoint): Promise<void> {
  for (const { name, shape } of others) {
    const matrix = `${COPY.exec(name)?.[1]}.weight`;
    const own = base.shapeOf(matrix);
    if (own?.join() !== shape.join() || !(await isSame(new Checkpoint(file), name, base, matrix))) throw new LlamaCoreError('adapter_unsupported', `${name} is no plain LoRA factor of a linear layer, nor a copy of the model's own weights.`, { param: name });
  }
}

async function isSame(file: Checkpoint, name: string, base: Checkpoint, matrix: string): Promise<boolean> {
  const shape = base.shapeOf(matrix) ?? [];
  const ours = base.float32Rows(matrix, shape);
  for await (const theirs of file.float32Rows(name, shape)) {
    const { value } = await ours.next();
    if (!value || value.length !== theirs.length || theirs.some((x, i) => x !== value[i])) return false;
  }
  return true;
}
