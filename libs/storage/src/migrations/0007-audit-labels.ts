import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

/** What reviewers say of lines of audits, one label per line and reviewer; and where in its file a chunk ends, so that a line of the file is found in it. */
export const auditLabels: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const schema = db.schema.withSchema(SCHEMA_NAME);
    await schema.alterTable('audit_chunks').addColumn('last_input_line', 'integer').execute();
    await schema
      .createTable('audit_labels')
      .addColumn('audit_id', 'text', (column) => column.notNull().references(`${SCHEMA_NAME}.audits.id`).onDelete('cascade'))
      .addColumn('line', 'integer', (column) => column.notNull())
      .addColumn('reviewer', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('categories', 'text', (column) => column.notNull())
      .addColumn('note', 'text')
      .addColumn('labelled_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
      .addPrimaryKeyConstraint('audit_labels_pkey', ['audit_id', 'line', 'reviewer'])
      .execute();
  },
};
