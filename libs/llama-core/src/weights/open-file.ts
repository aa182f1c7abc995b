import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LlamaCoreError } from '../errors.js';

/** Opens a regular file for reading: a folder would fail at the first read, a pipe would wait for a writer. @throws LlamaCoreError `model_not_found`. */
export async function openFile(path: string): Promise<FileHandle> {
  const name = basename(path);
  try {
    if ((await stat(path)).isFile()) return await open(path, 'r');
  } catch (cause) {
    throw new LlamaCoreError('model_not_found', `${name} is missing or cannot be opened.`, { param: name, cause });
  }
  throw new LlamaCoreError('model_not_found', `${name} is not a file.`, { param: name });
}
