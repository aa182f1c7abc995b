import type { AuditProgress, AuditResult, AuditStatus, ErrorCode } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely } from 'kysely';
import { type LoadedChunk, readChunk, readPending, readResults, readScored, type ScoredResult } from './audits/chunks.js';
import { cancelAudit, pauseAudit, resumeAudit, retryAudit } from './audits/control.js';
import { insertAudit, type NewAudit } from './audits/creation.js';
import { selectProgress, toProgress } from './audits/progress.js';
import { type ChunkCounts, writeResults } from './audits/results.js';
import { auditNotFound, failOpenUploads, finish, OPEN, setRunning } from './audits/state.js';
import { deleteLines, readResultOf, type StoredResult } from './audits/stored-results.js';
import { type BegunChunk, beginTry, splitChunk, takeBackTry } from './audits/tries.js';
import { anyToTake, freeChunks, readTurns, type TakenChunks, takeChunks } from './audits/turns.js';
import { type AuditChunk, insertChunks, sealUpload } from './audits/upload.js';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import type { Schema } from './schema.js';

export type { LoadedChunk, ScoredResult } from './audits/chunks.js';
export type { ChunkCounts } from './audits/results.js';
export type { BegunChunk } from './audits/tries.js';
export type { TakenChunks } from './audits/turns.js';
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
    await this.addChunks(auditId, [chunk]);
  }

  /** Adds chunks of input lines while the upload is open, all or none. */
  async addChunks(auditId: string, chunks: readonly AuditChunk[]): Promise<void> {
    await this.transaction((trx) => insertChunks(trx, auditId, chunks));
  }

  /** Declares the upload complete; `total` must be the number of lines added, `skipped` were left out. */
  async seal(auditId: string, total: number, skipped = 0): Promise<void> {
    await this.transaction((trx) => sealUpload(trx, auditId, { total, skipped }));
  }

  /** Fails every audit whose upload was cut off by a restart, and says how many there were. */
  async failUnsealed(): Promise<number> {
    return guarded(() => failOpenUploads(this.kysely));
  }

  /** Sets a queued audit running; any other stays as it is. */
  async start(id: string): Promise<void> {
    await guarded(() => setRunning(this.kysely, id));
  }

  /** Lets no more lines be begun. Throws `audit_state_conflict` for an audit that has ended. */
  async pause(owner: string, id: string): Promise<void> {
    await this.transaction((trx) => pauseAudit(trx, owner, id));
  }

  /** Lets a paused audit go on. Throws `audit_state_conflict` for one that has ended. */
  async resume(owner: string, id: string): Promise<void> {
    await this.transaction((trx) => resumeAudit(trx, owner, id));
  }

  /** Runs the lines of a completed audit again whose check failed, and no others. Throws `audit_state_conflict` and `nothing_to_retry`. */
  async retry(owner: string, id: string): Promise<void> {
    await this.transaction((trx) => retryAudit(trx, owner, id));
  }

  /** Ends an open audit of the owner. Throws `audit_state_conflict` for one that has ended otherwise. */
  async end(owner: string, id: string): Promise<void> {
    await this.transaction((trx) => cancelAudit(trx, owner, id));
  }

  /** Takes up to `most` pending chunks of whose turn it is for a job; what the job had taken before and did not end is free again. Undefined when there are none. */
  async take(turn: string, most: number): Promise<TakenChunks | undefined> {
    // Not in the transaction: whoever locks chunks has locked their audit before.
    await this.free(turn);
    return this.transaction((trx) => takeChunks(trx, turn, most));
  }

  /** Lets others take what a job has taken and did not end, all but one chunk. */
  async free(turn: string, but?: { auditId: string; ordinal: number }): Promise<void> {
    await guarded(() => freeChunks(this.kysely, turn, but));
  }

  /** In a database that no other process works on: what was taken was taken by a process that is gone, and is free again. */
  async freeAbandoned(): Promise<void> {
    if (this.database.exclusive) await guarded(() => this.kysely.updateTable('audit_chunks').set({ turn: null }).where('turn', 'is not', null).execute());
  }

  /** Jobs that have taken chunks, and whether others could take some. */
  async turns(): Promise<{ taken: string[]; open: boolean }> {
    return guarded(async () => ({ taken: await readTurns(this.kysely), open: await anyToTake(this.kysely) }));
  }

  /** Counts a try of a chunk that the job has taken; undefined when there is nothing to do. */
  async begin(id: string, ordinal: number, turn: string): Promise<BegunChunk | undefined> {
    return guarded(() => beginTry(this.kysely, id, ordinal, turn));
  }

  /** Takes a try back that was broken off by no fault of its lines. */
  async takeBack(id: string, ordinal: number): Promise<void> {
    await guarded(() => takeBackTry(this.kysely, id, ordinal));
  }

  /** Cuts a pending chunk into at most `parts`, each of which counts as tried once. */
  async split(id: string, ordinal: number, parts: number): Promise<void> {
    await this.transaction((trx) => splitChunk(trx, id, ordinal, parts));
  }

  /** Reads the input lines of a chunk. */
  async loadChunk(id: string, ordinal: number): Promise<LoadedChunk> {
    return guarded(() => readChunk(this.kysely, id, ordinal));
  }

  /** Stores the results of a pending chunk and counts them once however often it is called; the last chunk completes the audit. */
  async completeChunk(id: string, ordinal: number, results: readonly AuditResult[], counts: ChunkCounts, scores?: ReadonlyMap<number, readonly StoredScores[]>): Promise<void> {
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
    await this.transaction((trx) => finish(trx, id, 'cancelled'));
  }

  /** Fails an audit; a finished one stays as it is. */
  async fail(id: string, code: ErrorCode, message: string): Promise<void> {
    await this.transaction((trx) => finish(trx, id, 'failed', { code, message }));
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
