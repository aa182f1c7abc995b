import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SallyportError } from '@sallyport/contracts';

/** Contents of files in one folder, by id. Nothing of a name that came from outside is part of a path. */
export class FileStore {
  constructor(private readonly folder: string) {}

  /** Writes a content and gives its number of bytes. It is there as a whole or not at all, and survives a power cut once this resolves. */
  async write(id: string, source: AsyncIterable<Buffer | string>): Promise<number> {
    const target = this.pathOf(id);
    const part = `${target}.${randomUUID()}.part`;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    try {
      // Opened first: a stream that opens by itself may make the file after a source that failed at once was cleaned up.
      const sink = (await open(part, 'wx', 0o600)).createWriteStream({ flush: true });
      await pipeline(source, sink);
      await rename(part, target);
      await this.sync();
      return sink.bytesWritten;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  /** Opens a content. Throws `service_unavailable` where it is not in this folder. */
  async read(id: string): Promise<Readable> {
    try {
      return (await open(this.pathOf(id))).createReadStream();
    } catch (error) {
      throw new SallyportError('service_unavailable', 'The content of this file is not in the folder of this gateway.', { cause: error });
    }
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  /** Removes what a killed process left: contents that no file has, and parts; only those that are at least so old. */
  async sweep(known: (ids: string[]) => Promise<Set<string>>, olderThanMs: number): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    const kept = await known(names.filter((name) => !name.endsWith('.part')));
    for (const name of names.filter((one) => !kept.has(one))) {
      const path = join(this.folder, name);
      const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, () => -1);
      if (age >= olderThanMs) await rm(path, { force: true, recursive: true });
    }
  }

  /** A renamed file survives a power cut only when its folder is written too. */
  private async sync(): Promise<void> {
    const folder = await open(this.folder);
    await folder.sync().finally(() => folder.close());
  }

  private pathOf(id: string): string {
    if (!/^file-[0-9a-f]{32}$/.test(id)) throw new SallyportError('file_not_found', 'There is no file with this id.', { param: 'file_id' });
    return join(this.folder, id);
  }
}
