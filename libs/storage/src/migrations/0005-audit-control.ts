import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { SCHEMA_NAME } from '../schema.js';

type Db = Kysely<unknown>;

/** Audits get an owner, a priority and what control of a running audit needs; chunks get what a fair and careful queue needs. */
export const auditControl: Migration = {
  async up(db: Db): Promise<void> {
    await audits(db);
    await chunks(db);
    await carryOver(db);
    await indexes(db);
  },
};

async function audits(db: Db): Promise<void> {
  await db.schema
    .withSchema(SCHEMA_NAME)
    .alterTable('audits')
    .addColumn('owner', 'text', (column) => column.notNull().defaultTo('anonymous'))
    .addColumn('priority', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('options', 'text')
    .addColumn('retain_text', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('retryable', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('resumed_at', 'timestamptz')
    .addColumn('active_s', 'double precision', (column) => column.notNull().defaultTo(0))
    .addColumn('window_at', 'timestamptz')
    .addColumn('window_done', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('mark_at', 'timestamptz')
    .addColumn('mark_done', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('turn_at', 'timestamptz')
    .execute();
}

async function chunks(db: Db): Promise<void> {
  await db.schema
    .withSchema(SCHEMA_NAME)
    .alterTable('audit_chunks')
    .addColumn('pending', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('turn', 'text')
    .addColumn('tries', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failed', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('retryable', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

/** Audits from before: what is done stays done, and the time that they ran is known from their start and end. */
async function carryOver(db: Db): Promise<void> {
  const [audit, chunk] = [sql.table(`${SCHEMA_NAME}.audits`), sql.table(`${SCHEMA_NAME}.audit_chunks`)];
  await sql`update ${chunk} set pending = false where results is not null`.execute(db);
  await sql`update ${audit} set active_s = extract(epoch from finished_at - started_at) where finished_at is not null and started_at is not null`.execute(db);
  await sql`update ${audit} set resumed_at = clock_timestamp(), window_at = clock_timestamp(), window_done = done, mark_at = clock_timestamp(), mark_done = done where finished_at is null and started_at is not null`.execute(db);
}

async function indexes(db: Db): Promise<void> {
  const schema = db.schema.withSchema(SCHEMA_NAME);
  await schema.createIndex('audits_owner').on('audits').columns(['owner', 'created_at']).execute();
  await schema.createIndex('audit_chunks_order').unique().on('audit_chunks').columns(['audit_id', 'first_line']).execute();
  await schema.createIndex('audit_chunks_pending').on('audit_chunks').columns(['audit_id', 'first_line']).where(sql.ref('pending'), '=', true).execute();
  await schema.createIndex('audit_chunks_turn').on('audit_chunks').columns(['turn']).where(sql.ref('turn'), 'is not', null).execute();
}
