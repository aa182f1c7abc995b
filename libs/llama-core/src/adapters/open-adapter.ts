import { stat } from 'node:fs/promises';
import { LlamaCoreError } from '../errors.js';
import type { Checkpoint } from '../weights/checkpoint.js';
import { type AdapterHeads, openGgufAdapter } from './gguf-adapter.js';
import type { LoraAdapter } from './lora-adapter.js';
import { openPeftAdapter } from './peft-adapter.js';

/** The model that an adapter is for; `heads` are those of a decoder. */
export interface AdapterTarget {
  checkpoint: Checkpoint;
  heads?: AdapterHeads;
}

/** Reads a LoRA adapter, a peft folder or a GGUF file, and checks it against its model. @throws LlamaCoreError */
export async function openAdapter(path: string, { checkpoint, heads }: AdapterTarget): Promise<LoraAdapter> {
  const info = await stat(path).catch((cause: unknown) => Promise.reject(new LlamaCoreError('model_not_found', `There is no adapter at ${path}.`, { param: path, cause })));
  if (!info.isDirectory() && !heads) throw new LlamaCoreError('adapter_unsupported', 'A GGUF adapter changes text generators only.', { param: path });
  return info.isDirectory() || !heads ? openPeftAdapter(path, checkpoint) : openGgufAdapter(path, checkpoint, heads);
}
