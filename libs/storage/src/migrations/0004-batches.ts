import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

type Db = Kysely<unknown>;

const COUNTERS = ['total', 'completed', 'failed'] as const;
const TIMES = ['in_progress_at', 'finalizing_at', 'completed_at', 'failed_at', 'expired_at', 'cancelling_at', 'cancelled_at'] as const;

/** Files, batches and the chunks of batches. */
export const batches: Migration = {
  async up(db: Db): Promise<void> {
    await files(db);
    await batchTable(db);
    await chunks(db);
  },
};

async function files(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  await schema
    .createTable('files')
    .addColumn('seq', 'bigserial', (column) => column.notNull().unique())
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('filename', 'text', (column) => column.notNull())
    .addColumn('bytes', 'double precision', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .addColumn('expires_at', 'timestamptz')
    .execute();
  await schema.createIndex('files_owner').on('files').columns(['owner', 'seq']).execute();
}

async function batchTable(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  let table = schema
    .createTable('batches')
    .addColumn('seq', 'bigserial', (column) => column.notNull().unique())
    .addColumn('id', 'text', (column) => column.primaryKey());
  for (const name of ['owner', 'key_id', 'fingerprint', 'endpoint', 'input_file_id', 'completion_window'] as const) table = table.addColumn(name, 'text', (column) => column.notNull());
  for (const name of ['idempotency_key', 'metadata', 'ending', 'errors', 'output_file_id', 'error_file_id'] as const) table = table.addColumn(name, 'text');
  table = table
    .addColumn('output_expires_after_s', 'integer')
    .addColumn('status', 'text', (column) => column.notNull().defaultTo('validating'))
    .addColumn('closed', 'boolean', (column) => column.notNull().defaultTo(false))
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull());
  for (const counter of COUNTERS) table = table.addColumn(counter, 'integer', (column) => column.notNull().defaultTo(0));
  for (const time of TIMES) table = table.addColumn(time, 'timestamptz');
  await table.execute();
  await schema.createIndex('batches_idempotency').unique().on('batches').columns(['owner', 'idempotency_key']).execute();
  await schema.createIndex('batches_owner').on('batches').columns(['owner', 'seq']).execute();
}

async function chunks(db: Db): Promise<void> {
  await db.schema
    .withSchema(SCHEMA_NAME)
    .createTable('batch_chunks')
    .addColumn('batch_id', 'text', (column) => column.notNull().references(`${SCHEMA_NAME}.batches.id`).onDelete('cascade'))
    .addColumn('ordinal', 'integer', (column) => column.notNull())
    .addColumn('lines', 'text', (column) => column.notNull())
    .addColumn('started_at', 'timestamptz')
    .addColumn('output', 'text')
    .addColumn('failures', 'text')
    .addColumn('unanswered', 'text')
    .addPrimaryKeyConstraint('batch_chunks_pkey', ['batch_id', 'ordinal'])
    .execute();
}
