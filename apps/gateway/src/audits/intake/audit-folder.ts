import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { SallyportError } from '@sallyport/contracts';

/** Opens a file of the folder that the server is configured with. Throws `forbidden` for what lies outside, `invalid_request` for what is no file. */
export async function openAuditPath(folder: string | undefined, path: string): Promise<Readable> {
  if (folder === undefined) throw new SallyportError('unsupported_feature', 'This server reads no files of its own: SALLYPORT_AUDIT_FOLDER is not set.', { param: 'path' });
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..') || path.includes('\u0000') || /\\|^[A-Za-z]:/.test(path)) throw outside();
  const root = await realpath(folder).catch(() => Promise.reject(missing()));
  const target = await realpath(join(root, path)).catch(() => Promise.reject(missing()));
  if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) throw outside();
  const file = await open(target).catch(() => Promise.reject(missing()));
  if ((await file.stat()).isFile()) return file.createReadStream();
  await file.close();
  throw missing();
}

const outside = () => new SallyportError('forbidden', "'path' must lead to a file inside the folder of audits, without '..', and not through a link.", { param: 'path' });
const missing = () => new SallyportError('invalid_request', "'path' must be a file in the folder of audits; there is none of this name.", { param: 'path' });
