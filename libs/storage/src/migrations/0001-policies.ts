import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

/** Creates the policies and their immutable versions. */
export const policies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const schema = db.schema.withSchema(SCHEMA_NAME);
    await schema
      .createTable('policies')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('active', 'integer', (column) => column.notNull())
      .addColumn('latest', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
    await schema
      .createTable('policy_versions')
      .addColumn('policy_id', 'text', (column) => column.notNull().references(`${SCHEMA_NAME}.policies.id`).onDelete('cascade'))
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('note', 'text')
      .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint('policy_versions_pkey', ['policy_id', 'version'])
      .execute();
  },
};
