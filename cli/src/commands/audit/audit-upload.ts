import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AuditOptions } from '@sallyport/contracts';
import { byteSize } from '../../byte-sizes.js';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import type { GatewayConnection } from '../../gateway-connection.js';
import type { ProgressBar } from '../../progress.js';

/** A file by content. */
export interface FileDigest {
  sha256: string;
  bytes: number;
}

/** Digest of a file. Throws a CliError for one that cannot be read. */
export async function digestOf(file: string, signal: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  const { size } = await stat(file).catch(unreadable(file));
  try {
    for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  } catch (cause) {
    if (signal.aborted) throw cause;
    return unreadable(file)(cause);
  }
  return { sha256: hash.digest('hex'), bytes: size };
}

const unreadable = (file: string) => (cause: unknown): never => {
  throw new CliError(`${file} cannot be read.`, cause, EXIT.invalid);
};

/** What is sent, and where its progress is shown. */
export interface Upload {
  file: string;
  bytes: number;
  options: AuditOptions;
  bar: ProgressBar;
  signal: AbortSignal;
}

/** Streams a file up as a multipart form, options first, and gives the id of the audit. The file is never held in memory. */
export async function uploadAudit(connection: GatewayConnection, upload: Upload): Promise<string> {
  const boundary = `sallyport-${randomBytes(16).toString('hex')}`;
  const call = { method: 'POST', bytes: formOf(upload, boundary), contentType: `multipart/form-data; boundary=${boundary}`, signal: upload.signal };
  const { id } = (await (await connection.send('audits', call)).json()) as { id: string };
  upload.bar.finish();
  return id;
}

async function* formOf({ file, bytes, options, bar }: Upload, boundary: string): AsyncGenerator<Uint8Array> {
  const name = basename(file).replace(/[^\w. -]/g, '_');
  yield Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="options"\r\n\r\n${JSON.stringify(options)}\r\n`);
  yield Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`);
  let sent = 0;
  for await (const chunk of createReadStream(file)) {
    yield chunk as Buffer;
    sent += (chunk as Buffer).length;
    bar.update(bytes === 0 ? 1 : sent / bytes, `uploading ${byteSize(sent)} of ${byteSize(bytes)}`);
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
