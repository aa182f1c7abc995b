import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { readJsonObject } from '../json-file.js';
import type { Checkpoint } from '../weights/checkpoint.js';
import { dequantize } from '../weights/dequantize.js';
import { hashFiles } from '../weights/hash-file.js';
import { openSafetensorsFile } from '../weights/safetensors.js';
import type { TensorInfo, TensorSource } from '../weights/tensor-source.js';
import { type LoraAdapter, type LoraModule, loraModule, refuseForeignFactors } from './lora-adapter.js';
import { PeftConfig } from './peft-config.js';
import { refuseChangedCopies } from './stored-copies.js';

const [CONFIG, WEIGHTS] = ['adapter_config.json', 'adapter_model.safetensors'];
/** `base_model.model.` + module path + factor; a name between factor and `weight` is the adapter's, which older versions left in. */
const KEY = /^base_model\.model\.(.+)\.lora_(A|B)(?:\.[^.]+)?\.weight$/;

/**
 * Reads a peft adapter folder (adapter_config.json and adapter_model.safetensors) for the model `base`.
 * @throws LlamaCoreError `model_not_found`, `adapter_invalid`, `adapter_unsupported`, `safetensors_invalid`, `unsupported_tensor_type`.
 */
export async function openPeftAdapter(folder: string, base: Checkpoint): Promise<LoraAdapter> {
  const json = await readJsonObject(join(folder, CONFIG), 'adapter_invalid');
  const config = new PeftConfig(json);
  const file = await openSafetensorsFile(folder, WEIGHTS);
  try {
    const { pairs, others } = pairsOf(file);
    await refuseChangedCopies(file, others, base);
    const [foreign] = config.untargeted([...pairs.keys()]);
    if (foreign !== undefined) throw new LlamaCoreError('adapter_invalid', `${WEIGHTS} changes ${foreign}, which ${CONFIG} does not target.`, { param: foreign });
    const modules = new Map<string, LoraModule>();
    const scalings = config.scalings([...pairs.keys()]);
    for (const [module, { A, B }] of pairs) refuseForeignFactors(`${module}.weight`, { a: A.shape, b: B.shape }, base);
    for (const [module, { A, B }] of pairs) modules.set(`${module}.weight`, await readModule(file, module, { A, B, ...scalings.get(module)! }));
    return { sha256: await hashFiles([CONFIG, WEIGHTS].map((name) => join(folder, name))), modules };
  } finally {
    await file.close();
  }
}

interface Pair {
  A: TensorInfo;
  B: TensorInfo;
}

function pairsOf(file: TensorSource): { pairs: Map<string, Pair>; others: TensorInfo[] } {
  const others: TensorInfo[] = [];
  const pairs = new Map<string, Partial<Pair>>();
  for (const info of file.tensors.values()) {
    const [, module, factor] = KEY.exec(info.name) ?? [];
    if (module === undefined) {
      others.push(info);
      continue;
    }
    const pair = pairs.get(module) ?? {};
    pair[factor as 'A' | 'B'] = info;
    pairs.set(module, pair);
  }
  if (pairs.size === 0) throw new LlamaCoreError('adapter_invalid', `${WEIGHTS} holds no LoRA factors.`, { param: WEIGHTS });
  for (const [module, { A, B }] of pairs) if (!A || !B) throw new LlamaCoreError('adapter_invalid', `${module}: expected lora_A and lora_B, one is missing.`, { param: module });
  return { pairs: pairs as Map<string, Pair>, others };
}

async function readModule(file: TensorSource, module: string, { A, B, rank, scaling }: Pair & { rank: number; scaling: number }): Promise<LoraModule> {
  if (A.shape[0] !== rank) throw new LlamaCoreError('adapter_invalid', `${module}: the config asks for rank ${rank}, the file has ${A.shape[0]}.`, { param: module });
  const [a, b] = [dequantize(A.dtype, await file.read(A)), dequantize(B.dtype, await file.read(B))];
  return loraModule(module, { a, b, shapes: { a: A.shape, b: B.shape }, scaling });
}
