import { randomUUID } from 'node:crypto';
import type { MultipartFile } from '@fastify/multipart';
import { SallyportError } from '@sallyport/contracts';
import type { FastifyRequest } from 'fastify';
import { limited } from '../http/limited-bytes.js';
import { readFileName } from './file-name.js';
import type { FileStore } from './file-store.js';

/** A file whose content is on disk, and the other fields of its form. */
export interface ReceivedFile {
  id: string;
  filename: string;
  bytes: number;
  fields: ReadonlyMap<string, string>;
}

/** Names as they were sent: what leads out of a folder is refused, not repaired. The typed options do not know the charset. */
const FORM = { preservePath: true, defParamCharset: 'utf8' };
/** Room for the form around the file. */
const FORM_BYTES = 1024 * 1024;

/** Streams the `file` of a form to disk, wherever it stands in the form. What fails leaves nothing there. */
export async function receiveFile(request: FastifyRequest, store: FileStore, limitBytes: number): Promise<ReceivedFile> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes + FORM_BYTES) throw new SallyportError('request_too_large', `The upload is larger than ${limitBytes} bytes.`, { param: 'file' });
  const fields = new Map<string, string>();
  let stored: Omit<ReceivedFile, 'fields'> | undefined;
  try {
    for await (const part of request.parts(FORM)) {
      if (part.type === 'file') stored = await storePart(part, store, limitBytes);
      else fields.set(part.fieldname, String(part.value));
    }
  } catch (error) {
    if (stored) await store.remove(stored.id);
    // Whoever still sends is let finish, else it would never read the answer.
    request.raw.unpipe();
    request.raw.resume();
    throw malformed(error) ?? error;
  }
  if (!stored) throw new SallyportError('invalid_request', 'The form must have a part named "file".', { param: 'file' });
  return { ...stored, fields };
}

/** The parser's own errors have no code; their text may quote the form. */
function malformed(error: unknown): SallyportError | undefined {
  if (!(error instanceof Error) || 'code' in error) return undefined;
  return new SallyportError('invalid_request', 'The body is not a complete multipart form.');
}

async function storePart(part: MultipartFile, store: FileStore, limitBytes: number): Promise<Omit<ReceivedFile, 'fields'>> {
  if (part.fieldname !== 'file') throw new SallyportError('invalid_request', 'The file must be in the part named "file".', { param: 'file' });
  const filename = readFileName(part.filename);
  const id = `file-${randomUUID().replaceAll('-', '')}`;
  return { id, filename, bytes: await store.write(id, limited(part.file, limitBytes)) };
}
