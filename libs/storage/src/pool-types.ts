/** What a query gives back, in the shape of pg. */
export interface PgResultLike<R = Record<string, unknown>> {
  rows: R[];
  rowCount: number | null;
  command: string;
}

/** A query as pg takes it in object form. */
export interface PgQueryConfig {
  text: string;
  values?: readonly unknown[];
  rowMode?: 'array';
}

/** The part of `pg.PoolClient` that Kysely and BullMQ use. */
export interface PgClientLike {
  query<R = Record<string, unknown>>(query: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResultLike<R>>;
  release(destroy?: boolean): void;
  on(event: 'notification', listener: (message: PgNotificationLike) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
  removeListener(event: 'notification', listener: (message: PgNotificationLike) => void): this;
  removeAllListeners(event?: string): this;
}

/** One NOTIFY as a client receives it. */
export interface PgNotificationLike {
  channel: string;
  payload?: string;
  processId?: number;
}

/** The part of `pg.Pool` that Kysely and BullMQ use. */
export interface PgPoolLike {
  readonly options: object;
  connect(): Promise<PgClientLike>;
  query<R = Record<string, unknown>>(query: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResultLike<R>>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'connect', listener: (client: PgClientLike) => void): this;
  once(event: 'error', listener: (error: Error) => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  removeListener(event: 'error', listener: (error: Error) => void): this;
  removeAllListeners(event?: string): this;
}
