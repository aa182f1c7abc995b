import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LlamaCoreError, openGguf } from '@sallyport/llama-core';
import { type LlamaGuardVersion, llamaGuardVersion } from '@sallyport/policy';

/** The version that a file, repository or server names in whatever spelling: `Llama-Guard-3-8B-Q4_K_M.gguf`, `llama-guard3:1b`, `LlamaGuard-7b`. */
export function versionInName(name: string): LlamaGuardVersion | undefined {
  const last = name.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '').toLowerCase().replace(/\.gguf$/, '');
  const exact = llamaGuardVersion(last);
  if (exact) return exact;
  const found = /llama[-_. ]?guard[-_. ]?([1-4](?![\db]))?[-_.: ]?(.*)$/.exec(last);
  if (!found) return undefined;
  const [, number, rest = ''] = found;
  if (number === '2' || number === '4') return `llama-guard-${number}`;
  if (number === '3') return /vision|11b/.test(rest) ? 'llama-guard-3-11b-vision' : /8b/.test(rest) ? 'llama-guard-3-8b' : /1b/.test(rest) ? 'llama-guard-3-1b' : undefined;
  return /7b/.test(rest) ? 'llama-guard-1' : undefined;
}

/** What a model's own files say of its version: the name it was saved under, and an architecture that only one version has. */
export async function versionInFiles(path: string): Promise<LlamaGuardVersion | undefined> {
  const { names, architecture } = (await stat(path)).isDirectory() ? await folderHints(path) : await ggufHints(path);
  const named = names.map(versionInName).find((version) => version !== undefined);
  if (named) return named;
  if (architecture.startsWith('llama4')) return 'llama-guard-4';
  return architecture === 'mllama' ? 'llama-guard-3-11b-vision' : undefined;
}

/** True for a folder or file whose model generates text. */
export async function isDecoder(path: string): Promise<boolean> {
  if (!(await stat(path)).isDirectory()) return true;
  return /llama/i.test((await folderHints(path)).architecture);
}

interface Hints {
  names: string[];
  architecture: string;
}

async function folderHints(folder: string): Promise<Hints> {
  const config = await readFile(join(folder, 'config.json'), 'utf8').then((text) => JSON.parse(text) as Record<string, unknown>).catch((cause: unknown) => {
    throw new LlamaCoreError('model_not_found', `${folder} has no config.json that can be read; expected a model folder or a GGUF file.`, { param: folder, cause });
  });
  return { names: textsOf([config['_name_or_path']]), architecture: String(config['model_type'] ?? '') };
}

async function ggufHints(path: string): Promise<Hints> {
  const file = await openGguf(path);
  await file.close();
  const { metadata } = file;
  const size = metadata.get('general.size_label');
  const names = textsOf([metadata.get('general.name'), `${String(metadata.get('general.basename') ?? '')}-${String(size ?? '')}`]);
  return { names: names.map((name) => name.replaceAll(' ', '-')), architecture: String(metadata.get('general.architecture') ?? '') };
}

const textsOf = (values: readonly unknown[]): string[] => values.filter((value) => typeof value === 'string');
