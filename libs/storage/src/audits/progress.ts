import type { AuditProgress } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { AuditsTable, Schema, StoredError } from '../schema.js';

const FINISHED = new Set(['completed', 'failed', 'cancelled']);
/** Length of the window that a rate is taken from, at least; at most twice as long. */
const WINDOW = sql`interval '30 seconds'`;
const COLUMNS = ['id', 'status', 'policy_id', 'policy_version', 'priority', 'total', 'skipped', 'done', 'failed', 'flagged', 'retryable', 'active_s', 'window_done', 'error'] as const;

interface Timing {
  created_s: number;
  /** Seconds since the window began; null for an audit that does not run. */
  window_s: number | null;
}

type ProgressRow = Pick<Selectable<AuditsTable>, (typeof COLUMNS)[number]> & Timing;

/** The query of all that {@link toProgress} needs. */
export function selectProgress(kysely: Kysely<Schema>) {
  return kysely.selectFrom('audits').select([
    ...COLUMNS,
    sql<number>`extract(epoch from created_at)::float8`.as('created_s'),
    sql<number | null>`case when resumed_at is not null then extract(epoch from clock_timestamp() - window_at)::float8 end`.as('window_s'),
  ]);
}

/** What changes when more lines are done: their number, and now and then where the window of the rate begins. */
export function counted(done: number) {
  const due = sql`mark_at < clock_timestamp() - ${WINDOW}`;
  return {
    done: sql<number>`done + ${done}`,
    window_at: sql<Date>`case when ${due} then mark_at else window_at end`,
    window_done: sql<number>`case when ${due} then mark_done else window_done end`,
    mark_at: sql<Date>`case when ${due} then clock_timestamp() else mark_at end`,
    mark_done: sql<number>`case when ${due} then done + ${done} else mark_done end`,
  };
}

/** Lines a second: of an audit that runs in its window, of one that has ended while it ran. */
function rateOf({ status, done, active_s: activeS, window_done: before, window_s: windowS }: ProgressRow): number {
  if (FINISHED.has(status)) return activeS > 0 ? done / activeS : 0;
  return windowS !== null && windowS > 0 ? Math.max(0, done - before) / windowS : 0;
}

function etaOf({ status, total, done }: ProgressRow, rate: number): number | null {
  if (status === 'completed') return 0;
  if (FINISHED.has(status) || rate === 0) return null;
  return Math.ceil(Math.max(0, total - done) / rate);
}

/** Turns a stored audit into what callers see of it. */
export function toProgress(row: ProgressRow): AuditProgress {
  const rate = rateOf(row);
  return {
    id: row.id,
    status: row.status,
    policy: `${row.policy_id}@${row.policy_version}`,
    priority: row.priority,
    total: row.total,
    skipped: row.skipped,
    done: row.done,
    failed: row.failed,
    retryable: row.retryable,
    flagged: row.flagged,
    rate: Math.round(rate * 1000) / 1000,
    eta_s: etaOf(row, rate),
    created_at: Math.floor(row.created_s),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as StoredError }),
  };
}
