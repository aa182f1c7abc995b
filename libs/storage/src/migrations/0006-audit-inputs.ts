import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

/** Audits count the lines of their input that a sample leaves out. */
export const auditInputs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.withSchema(SCHEMA_NAME).alterTable('audits').addColumn('skipped', 'integer', (column) => column.notNull().defaultTo(0)).execute();
  },
};
