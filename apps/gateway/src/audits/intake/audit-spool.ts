import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpooledFile } from '@sallyport/audit-formats';

/** Where uploads are kept that have to be read in another order than they come. */
export class AuditSpool {
  constructor(private readonly folder: string) {}

  /** Files for one upload. */
  open(): UploadSpool {
    return new UploadSpool(this.folder);
  }

  /** Removes what a killed process left. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) await rm(join(this.folder, name), { force: true });
  }
}

/** Files that live as long as one upload is read. */
export class UploadSpool {
  private readonly open: Array<{ handle: FileHandle; path: string }> = [];

  constructor(private readonly folder: string) {}

  /** Writes bytes to a file that has no name any more where the system allows that: then nothing of it outlives the process. */
  async keep(bytes: AsyncIterable<Buffer>): Promise<SpooledFile> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, randomUUID());
    const handle = await open(path, 'wx+', 0o600);
    this.open.push({ handle, path });
    await rm(path, { force: true }).catch(() => undefined);
    // Not a stream: one that does not close its handle keeps the handle from ever being closed.
    for await (const piece of bytes) await handle.appendFile(piece);
    const { size } = await handle.stat();
    return { byteLength: size, slice: (start, end = size) => readPart(handle, start, Math.min(end, size)), bytes: () => readAll(handle, size) };
  }

  /** Removes everything that was kept. */
  async release(): Promise<void> {
    for (const { handle, path } of this.open.splice(0)) {
      await handle.close();
      await rm(path, { force: true });
    }
  }
}

async function readPart(handle: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const part = new ArrayBuffer(Math.max(0, end - start));
  for (let at = 0; at < part.byteLength; ) {
    const { bytesRead } = await handle.read(new Uint8Array(part, at), 0, part.byteLength - at, start + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return part;
}

const PIECE_BYTES = 256 * 1024;

async function* readAll(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += PIECE_BYTES) yield Buffer.from(await readPart(handle, at, Math.min(size, at + PIECE_BYTES)));
}
