import type { AuditProgress, AuditResult, AuditStatus, ErrorCode } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely } from 'kysely';
import { type ChunkCounts, type LoadedChunk, readChunk, readPending, readResults, readScored, type ScoredResult, writeResults } from './audits/chunks.js';
import { insertAudit, type NewAudit } from './audits/creation.js';
import { selectProgress, toProgress } from './audits/progress.js';
import { auditNotFound, failOpenUploads, finish, OPEN, setRunning } from './audits/state.js';
import { deleteLines, readResultOf, type StoredResult } from './audits/stored-results.js';
import { type AuditChunk, insertChunk, sealUpload } from './audits/upload.js';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import type { Schema } from './schema.js';

export type { ChunkCounts, LoadedChunk, ScoredResult } from './audits/chunks.js';
export type { NewAudit } from './audits/creation.js';
export { publicResult, type StoredResult } from './audits/stored-results.js';
export type { AuditChunk } from './audits/upload.js';

/** What whoever works on an audit needs to know of it. */
export interface AuditWork {
  owner: string;
  status: AuditStatus;
  /** `id@version`. */
  policy: string;
  /** JSON text: how its input is read. */
  options: string | undefined;
  retainText: boolean;
}

/** Audits with their input lines and results, in chunks. */
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Creates a queued audit whose upload is open. */
  async create(audit: NewAudit): Promise<void> {
    await guarded(() => insertAudit(this.kysely, audit));
  }

  /** Adds a chunk of input lines while the upload is open. */
  async addChunk(auditId: string, chunk: AuditChunk): Promise<void> {
    await this.transaction((trx) => insertChunk(trx, auditId, chunk));
  }

  /** Declares the upload complete; `total` must be the number of lines added, `skipped` were left out. */
  async seal(auditId: string, total: number, skipped = 0): Promise<void> {
    await this.transaction((trx) => sealUpload(trx, auditId, { total, skipped }));
  }

  /** Fails every audit whose upload was cut off by a restart, and says how many there were. */
  async failUnsealed(): Promise<number> {
    return guarded(() => failOpenUploads(this.kysely));
  }

  /** Marks an audit as running, also one that is resumed; a finished one stays as it is. */
  async start(id: string): Promise<void> {
    await guarded(() => setRunning(this.kysely, id));
  }

  /** Reads the input lines of a chunk. */
  async loadChunk(id: string, ordinal: number): Promise<LoadedChunk> {
    return guarded(() => readChunk(this.kysely, id, ordinal));
  }

  /** Stores the results of a chunk and counts them once however often it is called; the last chunk completes the audit. */
  async completeChunk(id: string, ordinal: number, results: AuditResult[], counts: ChunkCounts, scores?: ReadonlyMap<number, readonly StoredScores[]>): Promise<void> {
    await this.transaction((trx) => writeResults(trx, id, ordinal, { results, counts, ...(scores ? { scores } : {}) }));
  }

  /** Ordinals of the chunks that are not done. */
  async pendingChunks(id: string): Promise<number[]> {
    return guarded(() => readPending(this.kysely, id));
  }

  /** Ids of the audits that are uploaded but not finished, oldest first. */
  async listIncomplete(): Promise<string[]> {
    const query = this.kysely.selectFrom('audits').select('id').where('sealed', '=', true).where('status', 'in', OPEN);
    const rows = await guarded(() => query.orderBy('created_at').orderBy('id').execute());
    return rows.map((row) => row.id);
  }

  /** What is to be known for working on an audit, whoever owns it. */
  async work(id: string): Promise<AuditWork> {
    const row = await guarded(() => this.kysely.selectFrom('audits').select(['owner', 'status', 'policy_id', 'policy_version', 'options', 'retain_text']).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw auditNotFound();
    return { owner: row.owner, status: row.status, policy: `${row.policy_id}@${row.policy_version}`, options: row.options ?? undefined, retainText: row.retain_text };
  }

  /** How far an audit is, whoever owns it. */
  async progress(id: string): Promise<AuditProgress> {
    const row = await guarded(() => selectProgress(this.kysely).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw auditNotFound();
    return toProgress(row);
  }

  /** How far an audit of the owner is; `audit_not_found` for that of another. */
  async get(owner: string, id: string): Promise<AuditProgress> {
    const row = await guarded(() => selectProgress(this.kysely).where('owner', '=', owner).where('id', '=', id).executeTakeFirst());
    if (row === undefined) throw auditNotFound();
    return toProgress(row);
  }

  /** The owner's newest audits, at most `limit`. */
  async list(owner: string, limit: number): Promise<AuditProgress[]> {
    const rows = await guarded(() => selectProgress(this.kysely).where('owner', '=', owner).orderBy('created_at', 'desc').orderBy('id').limit(limit).execute());
    return rows.map(toProgress);
  }

  /** The result of one stored line, by its number among them, with its scores; undefined while there is none. */
  async resultOf(id: string, number: number): Promise<{ result: StoredResult; scores: StoredScores[] } | undefined> {
    return guarded(() => readResultOf(this.kysely, id, number));
  }

  /** Removes the lines of an audit whose upload failed. */
  async discardLines(id: string): Promise<void> {
    await guarded(() => deleteLines(this.kysely, id));
  }

  /** The results there are, in line order, read chunk by chunk. */
  results(id: string): AsyncIterable<AuditResult> {
    return readResults(this.kysely, id);
  }

  /** The results there are with their lines and raw scores, for judging them again. */
  scored(id: string): AsyncIterable<ScoredResult> {
    return readScored(this.kysely, id);
  }

  /** Cancels an audit; a finished one stays as it is. */
  async cancel(id: string): Promise<void> {
    await guarded(() => finish(this.kysely, id, 'cancelled'));
  }

  /** Fails an audit; a finished one stays as it is. */
  async fail(id: string, code: ErrorCode, message: string): Promise<void> {
    await guarded(() => finish(this.kysely, id, 'failed', { code, message }));
  }

  /** Removes an audit with its lines and results. */
  async delete(id: string): Promise<void> {
    const query = this.kysely.deleteFrom('audits').where('id', '=', id).returning('id');
    if ((await guarded(() => query.executeTakeFirst())) === undefined) throw auditNotFound();
  }

  private get kysely(): Kysely<Schema> {
    return this.database.kysely;
  }

  private transaction<T>(work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
    return guarded(() => this.kysely.transaction().execute(work));
  }
}
