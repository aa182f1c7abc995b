import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import type { PgPoolLike, PgQueryConfig, PgResultLike } from '../pool-types.js';
import { PgliteClient } from './pglite-client.js';
import { databaseClosed, PgliteSession } from './session.js';

const END_WAIT_MS = 5_000;

/** A `pg.Pool` look-alike on one in-process PGlite, for Kysely's PostgresDialect and BullMQ's PostgreSQL backend. */
export class PglitePool extends EventEmitter implements PgPoolLike {
  /** BullMQ caps the block time of a worker at 10 s without `keepAlive`. */
  readonly options = { keepAlive: true };
  private readonly session: PgliteSession;
  private readonly clients = new Set<PgliteClient>();
  private ending: Promise<void> | undefined;

  constructor(
    db: PGlite,
    private readonly onEnded: () => Promise<void> = async () => undefined,
    private readonly endWaitMs = END_WAIT_MS,
  ) {
    super();
    this.setMaxListeners(0);
    this.session = new PgliteSession(db);
  }

  /** Gives a client of the shared session; any number may be out at once. */
  async connect(): Promise<PgliteClient> {
    if (this.ending !== undefined) throw databaseClosed();
    const client: PgliteClient = new PgliteClient(this.session, () => this.clients.delete(client));
    this.clients.add(client);
    this.emit('connect', client);
    return client;
  }

  /** Runs one query on a client of its own. */
  async query<R = Record<string, unknown>>(query: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResultLike<R>> {
    const client = await this.connect();
    try {
      return await client.query<R>(query, values);
    } finally {
      client.release();
    }
  }

  /** Takes no new work, waits for the queries under way, and closes the database; a transaction still open after 5 s is rolled back. */
  end(): Promise<void> {
    this.ending ??= this.shutDown();
    return this.ending;
  }

  private async shutDown(): Promise<void> {
    const timer = setTimeout(() => this.releaseAll(), this.endWaitMs);
    try {
      await Promise.all([...this.clients].map((client) => client.settled()));
      await this.session.close();
    } finally {
      clearTimeout(timer);
      this.releaseAll();
      await this.onEnded();
    }
  }

  private releaseAll(): void {
    for (const client of this.clients) client.release(true);
  }
}
