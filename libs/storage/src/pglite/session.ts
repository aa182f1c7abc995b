import type { PGlite, Results } from '@electric-sql/pglite';
import { SallyportError } from '@sallyport/contracts';
import type { PgQueryConfig, PgResultLike } from '../pool-types.js';
import { SessionLock } from './session-lock.js';

const FIRST_WORD = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]+)/i;
const ENDS_TRANSACTION = new Set(['COMMIT', 'END']);

function commandOf(text: string): string {
  return FIRST_WORD.exec(text)?.[1]?.toUpperCase() ?? '';
}

/** The error for work asked of a closed database; BullMQ knows it by its last words. */
export function databaseClosed(): SallyportError {
  return new SallyportError('service_unavailable', 'The database is closed: cannot use a pool after calling end on the pool.');
}

/** The only session of a PGlite database, shared so that no transaction is interleaved with another client's queries. */
export class PgliteSession {
  private readonly lock = new SessionLock();
  private failedInTransaction = false;

  constructor(readonly db: PGlite) {}

  /** Runs a query for `client`, which keeps the session for as long as its transaction is open. */
  async run<R>(client: object, query: PgQueryConfig): Promise<PgResultLike<R>> {
    await this.lock.acquire(client);
    try {
      if (this.db.closed) throw databaseClosed();
      return await this.execute<R>(query);
    } finally {
      if (!this.inTransaction()) this.release(client);
    }
  }

  /** Rolls back what `client` left open and gives the session to the next in line. */
  async abandon(client: object): Promise<void> {
    if (!this.lock.isHeldBy(client)) return;
    try {
      if (this.inTransaction()) await this.db.exec('ROLLBACK');
    } finally {
      this.release(client);
    }
  }

  /** Waits for its turn, then closes the database; whoever is still in line gets an error. */
  async close(): Promise<void> {
    await this.lock.acquire(this);
    try {
      await this.db.close();
    } finally {
      this.lock.release(this);
    }
  }

  private release(client: object): void {
    this.failedInTransaction = false;
    this.lock.release(client);
  }

  private inTransaction(): boolean {
    return !this.db.closed && this.db.isInTransaction();
  }

  private async execute<R>(query: PgQueryConfig): Promise<PgResultLike<R>> {
    const command = commandOf(query.text);
    const aborted = ENDS_TRANSACTION.has(command) && (await this.isAborted());
    try {
      const result = await this.send<R>(query);
      return { rows: result.rows, rowCount: result.affectedRows || result.rows.length, command: aborted ? 'ROLLBACK' : command };
    } catch (error) {
      this.failedInTransaction = true;
      throw error;
    }
  }

  /** COMMIT of an aborted transaction rolls back without an error; PGlite hides the tag that says so, so one query asks first. */
  private async isAborted(): Promise<boolean> {
    if (!this.failedInTransaction || !this.inTransaction()) return false;
    try {
      await this.db.query('SELECT 1');
      return false;
    } catch {
      return true;
    }
  }

  /** Without values the text may hold several statements, as migrations do; the last result counts. */
  private async send<R>({ text, values, rowMode }: PgQueryConfig): Promise<Results<R>> {
    const options = rowMode === undefined ? undefined : { rowMode };
    if (values !== undefined && values.length > 0) return this.db.query<R>(text, [...values], options);
    const results = await this.db.exec(text, options);
    return (results.at(-1) ?? { rows: [], fields: [], affectedRows: 0 }) as Results<R>;
  }
}
