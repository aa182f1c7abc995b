import { createHash } from 'node:crypto';
import { AdapterBank } from '../adapters/adapter-bank.js';
import { deltasOf, type LoraAdapter } from '../adapters/lora-adapter.js';
import { openAdapter } from '../adapters/open-adapter.js';
import { LlamaCoreError } from '../errors.js';
import type { ModelSource } from './model-source.js';

const openFor = ({ config, checkpoint }: ModelSource, path: string): Promise<LoraAdapter> => openAdapter(path, { checkpoint, ...(config.kind === 'decoder' ? { heads: config } : {}) });

/** The model with the adapter in its weights; its hash is that of both. @throws LlamaCoreError when the adapter cannot be read or is for another model. */
export async function mergeAdapter(source: ModelSource, path: string): Promise<ModelSource> {
  const adapter = await openFor(source, path);
  const sha256 = createHash('sha256').update(`${source.sha256} ${adapter.sha256}`).digest('hex');
  return { ...source, checkpoint: source.checkpoint.merged(deltasOf(adapter)), sha256 };
}

/** Adapters to be chosen per sequence; undefined when none are asked for. @throws LlamaCoreError as above, and for a classifier. */
export async function openAdapters(source: ModelSource, paths: Readonly<Record<string, string>>): Promise<{ bank: AdapterBank; sha256: string[] } | undefined> {
  const adapters = new Map<string, LoraAdapter>();
  for (const [name, path] of Object.entries(paths)) adapters.set(name, await openFor(source, path));
  if (adapters.size === 0) return undefined;
  if (source.config.kind !== 'decoder') throw new LlamaCoreError('adapter_unsupported', 'Adapters beside the weights are for text generators; merge this one instead.', { param: 'adapters' });
  return { bank: new AdapterBank(adapters), sha256: [...adapters.values()].map(({ sha256 }) => sha256) };
}
