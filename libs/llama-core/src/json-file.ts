import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LlamaCoreError, type LlamaCoreErrorCode } from './errors.js';

/** A config or index larger than this is refused: that of a 100,000-tensor checkpoint has about 10 MB. */
const MAX_BYTES = 25_000_000;

/** Reads a JSON object. @throws LlamaCoreError `model_not_found` when the file is not there, `code` when it is too large or holds no JSON object. */
export async function readJsonObject(path: string, code: LlamaCoreErrorCode): Promise<Record<string, unknown>> {
  const name = basename(path);
  const info = await stat(path).catch((cause: unknown) => Promise.reject(new LlamaCoreError('model_not_found', `Expected ${name} in the model folder.`, { param: name, cause })));
  if (!info.isFile()) throw new LlamaCoreError('model_not_found', `${name} is not a file.`, { param: name });
  if (info.size > MAX_BYTES) throw new LlamaCoreError(code, `${name}: expected at most ${MAX_BYTES} bytes, got ${info.size}.`, { param: name });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new LlamaCoreError(code, `${name} is not JSON.`, { param: name, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new LlamaCoreError(code, `${name}: expected a JSON object.`, { param: name });
  return value as Record<string, unknown>;
}
