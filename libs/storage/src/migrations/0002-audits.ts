import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

const COUNTERS = ['total', 'done', 'failed', 'flagged'] as const;

/** Creates the audits and their chunks. */
export const audits: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const schema = db.schema.withSchema(SCHEMA_NAME);
    let table = schema
      .createTable('audits')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('status', 'text', (column) => column.notNull().defaultTo('queued'))
      .addColumn('policy_id', 'text', (column) => column.notNull())
      .addColumn('policy_version', 'integer', (column) => column.notNull())
      .addColumn('sealed', 'boolean', (column) => column.notNull().defaultTo(false))
      .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
      .addColumn('started_at', 'timestamptz')
      .addColumn('finished_at', 'timestamptz')
      .addColumn('error', 'text');
    for (const counter of COUNTERS) table = table.addColumn(counter, 'integer', (column) => column.notNull().defaultTo(0));
    await table.execute();
    await schema.createIndex('audits_created_at').on('audits').columns(['created_at']).execute();
    await schema
      .createTable('audit_chunks')
      .addColumn('audit_id', 'text', (column) => column.notNull().references(`${SCHEMA_NAME}.audits.id`).onDelete('cascade'))
      .addColumn('ordinal', 'integer', (column) => column.notNull())
      .addColumn('first_line', 'integer', (column) => column.notNull())
      .addColumn('line_count', 'integer', (column) => column.notNull())
      .addColumn('lines', 'text', (column) => column.notNull())
      .addColumn('results', 'text')
      .addPrimaryKeyConstraint('audit_chunks_pkey', ['audit_id', 'ordinal'])
      .execute();
  },
};
