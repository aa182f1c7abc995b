import type { AuditProgress } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { AuditsTable, Schema, StoredError } from '../schema.js';

const FINISHED = new Set(['completed', 'failed', 'cancelled']);

const COLUMNS = ['id', 'status', 'policy_id', 'policy_version', 'total', 'skipped', 'done', 'failed', 'flagged', 'error'] as const;

interface Timing {
  created_s: number;
  /** Seconds since the audit started running, until now or its end; null before. */
  elapsed_s: number | null;
}

type ProgressRow = Pick<Selectable<AuditsTable>, (typeof COLUMNS)[number]> & Timing;

/** The query of all that {@link toProgress} needs. */
export function selectProgress(kysely: Kysely<Schema>) {
  return kysely.selectFrom('audits').select([
    ...COLUMNS,
    sql<number>`extract(epoch from created_at)::float8`.as('created_s'),
    sql<number | null>`extract(epoch from coalesce(finished_at, clock_timestamp()) - started_at)::float8`.as('elapsed_s'),
  ]);
}

function etaOf(row: ProgressRow, rate: number): number | null {
  if (row.status === 'completed') return 0;
  if (FINISHED.has(row.status) || rate === 0) return null;
  return Math.ceil(Math.max(0, row.total - row.done) / rate);
}

/** Turns a stored audit into what callers see of it. */
export function toProgress(row: ProgressRow): AuditProgress {
  const rate = row.elapsed_s !== null && row.elapsed_s > 0 ? row.done / row.elapsed_s : 0;
  return {
    id: row.id,
    status: row.status,
    policy: `${row.policy_id}@${row.policy_version}`,
    total: row.total,
    skipped: row.skipped,
    done: row.done,
    failed: row.failed,
    flagged: row.flagged,
    rate: Math.round(rate * 1000) / 1000,
    eta_s: etaOf(row, rate),
    created_at: Math.floor(row.created_s),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as StoredError }),
  };
}
