import { type FileObject, type FilePurpose, SallyportError } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import type { FilesTable, Schema } from './schema.js';

/** A file whose content is on disk already. */
export interface NewFile {
  id: string;
  owner: string;
  filename: string;
  bytes: number;
  purpose: FilePurpose;
  /** Seconds after its creation; undefined: never. */
  expiresAfterS?: number | undefined;
}

/** A page of what an owner has; `after` is the id of the last one of the page before. */
export interface PageQuery {
  limit: number;
  after?: string | undefined;
}

export interface FileQuery extends PageQuery {
  order: 'asc' | 'desc';
  purpose?: string | undefined;
}

/** Files by id and owner; whoever is not the owner sees nothing of them. Expired files are gone. */
export class FileRepository {
  constructor(private readonly database: Database) {}

  async create(file: NewFile): Promise<FileObject> {
    return guarded(() => insertFile(this.kysely, file));
  }

  async get(owner: string, id: string): Promise<FileObject> {
    const row = await guarded(() => this.visible(owner).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw fileNotFound();
    return toFile(row);
  }

  /** Throws `file_not_found` when `after` is not one of the owner's. */
  async list(owner: string, { limit, after, order, purpose }: FileQuery): Promise<FileObject[]> {
    let query = this.visible(owner);
    if (purpose !== undefined) query = query.where('purpose', '=', purpose as FilePurpose);
    if (after !== undefined) query = query.where('seq', order === 'desc' ? '<' : '>', await this.position(owner, after));
    return (await guarded(() => query.orderBy('seq', order).limit(limit).execute())).map(toFile);
  }

  /** Removes the row; the caller removes the content. */
  async delete(owner: string, id: string): Promise<void> {
    const query = this.kysely.deleteFrom('files').where('owner', '=', owner).where('id', '=', id).returning('id');
    if ((await guarded(() => query.executeTakeFirst())) === undefined) throw fileNotFound();
  }

  /** Removes the rows of expired files and gives their ids. */
  async deleteExpired(): Promise<string[]> {
    const query = this.kysely.deleteFrom('files').where('expires_at', '<=', sql<Date>`clock_timestamp()`).returning('id');
    return (await guarded(() => query.execute())).map(({ id }) => id);
  }

  /** Those of the ids that are files. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await guarded(() => this.kysely.selectFrom('files').select('id').where('id', 'in', ids).execute());
    return new Set(rows.map(({ id }) => id));
  }

  private async position(owner: string, id: string): Promise<string> {
    const row = await guarded(() => this.kysely.selectFrom('files').select('seq').where('owner', '=', owner).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw fileNotFound('after');
    return row.seq;
  }

  private visible(owner: string) {
    return this.kysely.selectFrom('files').selectAll().where('owner', '=', owner).where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', sql<Date>`clock_timestamp()`)]));
  }

  private get kysely(): Kysely<Schema> {
    return this.database.kysely;
  }
}

/** The error for an id that no file of the asker has. */
export function fileNotFound(param = 'file_id'): SallyportError {
  return new SallyportError('file_not_found', 'There is no file with this id.', { param });
}

/** Adds a file; in a transaction where it belongs to something else. */
export async function insertFile(kysely: Kysely<Schema>, { expiresAfterS, ...file }: NewFile): Promise<FileObject> {
  const expires = expiresAfterS === undefined ? {} : { expires_at: sql<never>`clock_timestamp() + make_interval(secs => ${expiresAfterS})` };
  return toFile(await kysely.insertInto('files').values({ ...file, ...expires }).returningAll().executeTakeFirstOrThrow());
}

function toFile(row: Selectable<FilesTable>): FileObject {
  const { id, bytes, filename, purpose } = row;
  return { id, object: 'file', bytes, created_at: seconds(row.created_at), ...(row.expires_at ? { expires_at: seconds(row.expires_at) } : {}), filename, purpose, status: 'processed' };
}

/** Whole seconds since 1970. */
export const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);
