import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

type Db = Kysely<unknown>;

/** Shadow versions with what they would have done, assignments, the audit trail, a revision that says when to read again, and raw scores of audits. */
export const policyLifecycle: Migration = {
  async up(db: Db): Promise<void> {
    await versions(db);
    await trail(db);
    await shadows(db);
    await db.schema.withSchema(SCHEMA_NAME).alterTable('audit_chunks').addColumn('scores', 'text').execute();
  },
};

async function versions(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  await schema.alterTable('policies').addColumn('shadow', 'integer').execute();
  await schema.alterTable('policy_versions').addColumn('author', 'text').addColumn('parent', 'integer').addColumn('activated_at', 'timestamptz').execute();
  const table = (name: string) => sql.table(`${SCHEMA_NAME}.${name}`);
  await sql`UPDATE ${table('policy_versions')} AS v SET activated_at = v.created_at FROM ${table('policies')} AS p WHERE p.id = v.policy_id AND p.active = v.version`.execute(db);
  // What judges must exist; checked at the end of a transaction, because a policy and its first version refer to each other.
  for (const column of ['active', 'shadow']) {
    const name = sql.ref(`policies_${column}_exists`);
    await sql`ALTER TABLE ${table('policies')} ADD CONSTRAINT ${name} FOREIGN KEY (id, ${sql.ref(column)}) REFERENCES ${table('policy_versions')} (policy_id, version) DEFERRABLE INITIALLY DEFERRED`.execute(db);
  }
}

async function trail(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  await schema
    .createTable('policy_history')
    .addColumn('seq', 'bigserial', (column) => column.primaryKey())
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('change', 'text', (column) => column.notNull())
    .addColumn('version', 'integer')
    .addColumn('previous', 'integer')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .execute();
  await schema.createIndex('policy_history_policy').on('policy_history').columns(['policy_id', 'seq']).execute();
  await schema
    .createTable('policy_assignments')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('allow_request', 'boolean', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_assignments_pkey', ['kind', 'subject'])
    .execute();
  await schema.createTable('policy_revision').addColumn('one', 'boolean', (column) => column.primaryKey().check(sql`one`)).addColumn('value', 'bigint', (column) => column.notNull()).execute();
  await sql`INSERT INTO ${sql.table(`${SCHEMA_NAME}.policy_revision`)} VALUES (true, 1)`.execute(db);
}

const COUNTERS = ['seen', 'differing', 'would_block', 'would_review', 'would_allow', 'unjudged'] as const;

async function shadows(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  let counts = schema.createTable('policy_shadow_counts').addColumn('policy_id', 'text', (column) => column.notNull()).addColumn('version', 'integer', (column) => column.notNull()).addColumn('against', 'integer', (column) => column.notNull());
  for (const counter of COUNTERS) counts = counts.addColumn(counter, 'bigint', (column) => column.notNull().defaultTo(0));
  await counts.addPrimaryKeyConstraint('policy_shadow_counts_pkey', ['policy_id', 'version', 'against']).execute();
  await schema
    .createTable('policy_shadow_rules')
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('active', 'bigint', (column) => column.notNull())
    .addColumn('shadow', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_shadow_rules_pkey', ['policy_id', 'version', 'rule'])
    .execute();
  await schema
    .createTable('policy_shadow_differences')
    .addColumn('seq', 'bigserial', (column) => column.primaryKey())
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('difference', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('policy_shadow_differences_policy').on('policy_shadow_differences').columns(['policy_id', 'version', 'seq']).execute();
}
