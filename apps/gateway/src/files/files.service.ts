import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { type FileObject, SallyportError } from '@sallyport/contracts';
import { type FileQuery, FileRepository } from '@sallyport/storage';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { ownerOf } from '../http/owner.js';
import { FileStore } from './file-store.js';
import { receiveFile } from './file-upload.js';

const ANCHOR = 'expires_after[anchor]';
const SECONDS = 'expires_after[seconds]';
const FIELDS: ReadonlySet<string> = new Set(['purpose', ANCHOR, SECONDS]);
/** Bounds of OpenAI: an hour to thirty days. */
const [LEAST_S, MOST_S] = [3_600, 2_592_000];

/** Files from upload to removal: rows in the database, contents on disk. */
@Injectable()
export class FilesService {
  constructor(
    @Inject(FileRepository) private readonly files: FileRepository,
    @Inject(FileStore) private readonly store: FileStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Stores an upload. A form that is not accepted leaves nothing on disk. */
  async upload(request: FastifyRequest): Promise<FileObject> {
    const { id, filename, bytes, fields } = await receiveFile(request, this.store, this.settings.batch.fileLimitBytes);
    try {
      const expiresAfterS = readForm(fields);
      return await this.files.create({ id, filename, bytes, owner: ownerOf(request, this.settings), purpose: 'batch', expiresAfterS });
    } catch (error) {
      await this.store.remove(id);
      throw error;
    }
  }

  get(owner: string, id: string): Promise<FileObject> {
    return this.files.get(owner, id);
  }

  list(owner: string, query: FileQuery): Promise<FileObject[]> {
    return this.files.list(owner, query);
  }

  /** The content as it was uploaded or written. */
  async content(owner: string, id: string): Promise<{ file: FileObject; bytes: Readable }> {
    const file = await this.files.get(owner, id);
    return { file, bytes: await this.store.read(id) };
  }

  /** The row goes first: what is left on disk when the process dies in between belongs to nobody and is swept. */
  async delete(owner: string, id: string): Promise<void> {
    await this.files.delete(owner, id);
    await this.store.remove(id);
  }

  /** Removes files that have expired. */
  async removeExpired(): Promise<void> {
    for (const id of await this.files.deleteExpired()) await this.store.remove(id);
  }

  /** Removes contents that belong to no file. */
  async sweep(olderThanMs: number): Promise<void> {
    await this.store.sweep((ids) => this.files.known(ids), olderThanMs);
  }
}

/** Seconds until the file expires, if the form says so. Throws what is wrong with the form. */
function readForm(fields: ReadonlyMap<string, string>): number | undefined {
  if ([...fields.keys()].some((name) => !FIELDS.has(name))) throw new SallyportError('unknown_parameter', 'The form has a field that is not documented.');
  if (fields.get('purpose') !== 'batch') throw new SallyportError('invalid_request', "'purpose' must be 'batch'.", { param: 'purpose' });
  const [anchor, seconds] = [fields.get(ANCHOR), fields.get(SECONDS)];
  if (anchor === undefined && seconds === undefined) return undefined;
  if (anchor !== 'created_at') throw new SallyportError('invalid_request', `'${ANCHOR}' must be 'created_at'.`, { param: ANCHOR });
  const value = Number(seconds);
  if (Number.isInteger(value) && value >= LEAST_S && value <= MOST_S) return value;
  throw new SallyportError('invalid_request', `'${SECONDS}' must be a whole number from ${LEAST_S} to ${MOST_S}.`, { param: SECONDS });
}
