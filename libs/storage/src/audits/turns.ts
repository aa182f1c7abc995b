import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { OPEN, running } from './state.js';

/** Chunks of one audit that a job has taken, in order; nobody else begins them. */
export interface TakenChunks {
  auditId: string;
  /** `id@version`. */
  policy: string;
  ordinals: number[];
  /** It is one chunk, and an earlier try of it did not end. */
  tried: boolean;
}

/** Claims are made one after the other, so that each sees what the others have taken. */
const ONE_BY_ONE = sql`select pg_advisory_xact_lock(hashtext('sallyport.audit_turns'))`;

/**
 * Takes up to `most` pending chunks for the job `turn`. Undefined when nothing is to be done.
 * The owner with the fewest jobs goes first, then the one whose turn was longest ago; among the audits of an owner the higher priority, then the older one.
 * A chunk that was tried before is taken alone.
 */
export async function takeChunks(trx: Kysely<Schema>, turn: string, most: number): Promise<TakenChunks | undefined> {
  await ONE_BY_ONE.execute(trx);
  const audit = await nextAudit(trx);
  if (audit === undefined) return undefined;
  const { ordinals, tried } = await nextOrdinals(trx, audit.id, most);
  await trx.updateTable('audit_chunks').set({ turn }).where('audit_id', '=', audit.id).where('ordinal', 'in', ordinals).execute();
  await trx.updateTable('audits').set(audit.status === 'queued' ? running : {}).set({ turn_at: sql<Date>`clock_timestamp()` }).where('id', '=', audit.id).where('status', 'in', OPEN).execute();
  return { auditId: audit.id, policy: `${audit.policy_id}@${audit.policy_version}`, ordinals, tried };
}

/** Lets others take what the job `turn` has taken and did not end, all but one. */
export async function freeChunks(kysely: Kysely<Schema>, turn: string, but?: { auditId: string; ordinal: number }): Promise<void> {
  const free = kysely.updateTable('audit_chunks').set({ turn: null }).where('turn', '=', turn);
  await (but ? free.where((where) => where.not(where.and({ audit_id: but.auditId, ordinal: but.ordinal }))) : free).execute();
}

/** Names of the jobs that have taken chunks. */
export async function readTurns(kysely: Kysely<Schema>): Promise<string[]> {
  const rows = await kysely.selectFrom('audit_chunks').select('turn').distinct().where('turn', 'is not', null).execute();
  return rows.flatMap(({ turn }) => turn ?? []);
}

/** Whether there is anything to be taken. */
export async function anyToTake(kysely: Kysely<Schema>): Promise<boolean> {
  return (await openAudits(kysely).select('audits.id').limit(1).executeTakeFirst()) !== undefined;
}

function openAudits(kysely: Kysely<Schema>) {
  return kysely
    .selectFrom('audits')
    .where('sealed', '=', true)
    .where('status', 'in', ['queued', 'running'])
    .where((where) => where.exists(where.selectFrom('audit_chunks').select('ordinal').whereRef('audit_id', '=', 'audits.id').where('pending', '=', true).where('turn', 'is', null)));
}

async function nextAudit(trx: Kysely<Schema>) {
  return openAudits(trx)
    .select(['audits.id', 'audits.status', 'audits.policy_id', 'audits.policy_version'])
    .orderBy((of) => of.selectFrom('audit_chunks as taken').innerJoin('audits as its', 'its.id', 'taken.audit_id').where('taken.turn', 'is not', null).whereRef('its.owner', '=', 'audits.owner').select(sql<number>`count(distinct taken.turn)`.as('jobs')))
    .orderBy((of) => of.selectFrom('audits as its').whereRef('its.owner', '=', 'audits.owner').select((select) => select.fn.max('its.turn_at').as('at')), (order) => order.asc().nullsFirst())
    .orderBy('audits.priority', 'desc').orderBy('audits.created_at').orderBy('audits.id')
    .limit(1)
    .forUpdate('audits')
    .executeTakeFirst();
}

async function nextOrdinals(trx: Kysely<Schema>, id: string, most: number): Promise<Pick<TakenChunks, 'ordinals' | 'tried'>> {
  const rows = await trx.selectFrom('audit_chunks').select(['ordinal', 'tries']).where('audit_id', '=', id).where('pending', '=', true).where('turn', 'is', null).orderBy('first_line').limit(most).execute();
  const tried = rows.findIndex(({ tries }) => tries > 0);
  const alone = tried < 0 ? rows : rows.slice(0, Math.max(tried, 1));
  return { ordinals: alone.map(({ ordinal }) => ordinal), tried: tried === 0 };
}
