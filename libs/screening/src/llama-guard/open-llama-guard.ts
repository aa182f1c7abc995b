import { stat } from 'node:fs/promises';
import { SallyportError } from '@sallyport/contracts';
import { createLocalEngine, createRemoteEngine, loadFolderTokenizer, loadGgufTokenizer, openGguf, type Quantization, type Tokenizer } from '@sallyport/llama-core';
import type { LlamaGuardVersion } from '@sallyport/policy';
import { type ServerReference, unknownVersion } from './guard-reference.js';
import type { GuardModel } from './guard-model.js';
import { versionInFiles } from './guard-version.js';
import { ScoredGuard } from './scored-guard.js';
import { WrittenGuard } from './written-guard.js';

export interface LocalGuardOptions {
  /** Model folder or GGUF file. */
  path: string;
  version: LlamaGuardVersion | undefined;
  quantization: Quantization;
  threads: number;
  cacheFolder: string;
}

const MIB = 2 ** 20;
/** An answer that is being screened stays in the prefix cache: 1 GiB holds 16,000 tokens of Llama Guard 3 1B, 4,000 of 8B. */
const MEMORY = { kvBytes: 2_048 * MIB, prefixCacheBytes: 1_024 * MIB };

/** Loads a Llama Guard and tests it. @throws LlamaCoreError, SallyportError `invalid_request` when its version is unknown. */
export async function openLocalGuard({ path, version, ...load }: LocalGuardOptions): Promise<GuardModel> {
  const known = version ?? (await versionInFiles(path));
  if (!known) throw new SallyportError('invalid_request', `SALLYPORT_GUARD: ${unknownVersion(path)}`, { param: 'SALLYPORT_GUARD' });
  const tokenizer = await tokenizerOf(path);
  const engine = await createLocalEngine({ model: path, ...MEMORY, ...load });
  return ScoredGuard.open({ engine, tokenizer, version: known }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
}

/** Reaches a Llama Guard on a server and tests it. @throws LlamaCoreError */
export async function openRemoteGuard({ baseUrl, model, version }: ServerReference, apiKey: string | undefined): Promise<GuardModel> {
  const engine = await createRemoteEngine({ baseUrl, model, ...(apiKey === undefined ? {} : { apiKey }) });
  return WrittenGuard.open({ engine, version, engineName: 'openai' });
}

async function tokenizerOf(path: string): Promise<Tokenizer> {
  if ((await stat(path)).isDirectory()) return (await loadFolderTokenizer(path)).tokenizer;
  const file = await openGguf(path);
  await file.close();
  return (await loadGgufTokenizer(file.metadata)).tokenizer;
}
