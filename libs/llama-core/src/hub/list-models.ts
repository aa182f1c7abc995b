import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { CATALOG } from './catalog.js';
import { resolveModel } from './pull-model.js';

/** A model by its reference. */
export interface ListedModel {
  /** What `pullModel` and the commands take. */
  reference: string;
  /** Size on disk, or of the download. */
  bytes: number;
  /** Absent: not here yet. */
  path?: string;
  license?: string;
}

/** The catalog, then what else was pulled into a folder of models. */
export async function listModels(modelsFolder: string): Promise<ListedModel[]> {
  const known = CATALOG.map((model): ListedModel => {
    const path = resolveModel(model.id, modelsFolder);
    return { reference: model.id, bytes: model.bytes, license: model.license, ...(path === undefined ? {} : { path }) };
  });
  const folders = (await pulledFolders(modelsFolder)).filter((folder) => !known.some(({ reference }) => reference === basename(folder)));
  return [...known, ...(await Promise.all(folders.map(async (folder) => ({ reference: hubReference(relative(modelsFolder, folder)), bytes: await folderBytes(folder), path: folder }))))];
}

/** Folders that hold a config.json, in order of their names. */
async function pulledFolders(modelsFolder: string): Promise<string[]> {
  const files = await readdir(modelsFolder, { recursive: true }).catch(() => []);
  return files.filter((file) => basename(file) === 'config.json').map((file) => join(modelsFolder, file, '..')).sort();
}

/** Pulled repositories lie at `org/name`, other revisions than main below. */
function hubReference(path: string): string {
  const [organisation, name, ...revision] = path.split(sep);
  return `hf:${organisation}/${name}${revision.length > 0 ? `@${revision.join('/')}` : ''}`;
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(folder, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
