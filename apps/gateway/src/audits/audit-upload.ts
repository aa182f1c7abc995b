import type { FastifyRequest } from 'fastify';
import { SallyportError } from '@sallyport/contracts';
import { limited } from '../http/limited-bytes.js';

/** An upload under way: its bytes, and the policy that a multipart `options` field may name. */
export interface AuditUpload {
  bytes: AsyncIterable<Buffer>;
  policy: string | undefined;
}

/** Opens an upload: the body itself, or the `file` part of a multipart body. `options` must come before `file`, because the file is not stored first. */
export async function openAuditUpload(request: FastifyRequest, limitBytes: number): Promise<AuditUpload> {
  if (!request.isMultipart()) return { bytes: limited(request.raw, limitBytes), policy: undefined };
  let policy: string | undefined;
  // Not a for-await loop: leaving one would end the parser before the file is read.
  const parts = request.parts()[Symbol.asyncIterator]();
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.type === 'file') return { bytes: limited(part.file, limitBytes), policy };
    if (part.fieldname === 'options') policy = readOptions(part.value);
  }
  throw new SallyportError('invalid_request', 'The multipart body must have a part named "file".', { param: 'file' });
}

function readOptions(value: unknown): string | undefined {
  try {
    const options: unknown = JSON.parse(String(value));
    if (typeof options === 'object' && options !== null && 'policy' in options && typeof options.policy === 'string') return options.policy;
    return undefined;
  } catch {
    throw new SallyportError('invalid_json', "The 'options' part is not valid JSON.", { param: 'options' });
  }
}
