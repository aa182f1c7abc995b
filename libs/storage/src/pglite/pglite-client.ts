import { EventEmitter } from 'node:events';
import { SallyportError } from '@sallyport/contracts';
import type { PgClientLike, PgQueryConfig, PgResultLike } from '../pool-types.js';
import type { PgliteSession } from './session.js';

/** One "connection" to the shared session: its own queries run in order, and its open transaction keeps all others waiting. */
export class PgliteClient extends EventEmitter implements PgClientLike {
  private readonly unsubscribe: () => void;
  private last: Promise<unknown> = Promise.resolve();
  private released = false;

  constructor(
    private readonly session: PgliteSession,
    private readonly onReleased: () => void,
  ) {
    super();
    this.setMaxListeners(0);
    this.unsubscribe = session.db.onNotification((channel, payload) => {
      this.emit('notification', { channel, payload, processId: 0 });
    });
  }

  /** Runs a query in pg's text or object form. */
  query<R = Record<string, unknown>>(query: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResultLike<R>> {
    if (this.released) return Promise.reject(new SallyportError('internal_error', 'A released database client was used again.'));
    const config: PgQueryConfig = typeof query === 'string' ? { text: query } : query;
    const withValues = values === undefined ? config : { ...config, values };
    const result = this.last.then(() => this.session.run<R>(this, withValues));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when the queries asked for until now are finished. */
  async settled(): Promise<void> {
    await this.last;
  }

  /** Gives the connection back; a transaction left open is rolled back after its queries in flight. */
  release(_destroy?: boolean): void {
    if (this.released) return;
    this.released = true;
    this.unsubscribe();
    void this.last.then(() => this.session.abandon(this)).catch(() => undefined).finally(this.onReleased);
  }
}
