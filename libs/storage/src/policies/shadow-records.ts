import type { DecisionReason, PolicyAction } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** A decision that the shadow version would have made otherwise. `text` only where the policy retains text. */
export interface ShadowDifference {
  /** Seconds since 1970. */
  at: number;
  request_id: string | null;
  stage: string;
  against: number;
  active: PolicyAction;
  shadow: PolicyAction;
  reasons: DecisionReason[];
  text?: string;
}

/** Decisions of a shadow version, added up over a while. */
export interface ShadowBatch {
  id: string;
  version: number;
  against: number;
  seen: number;
  differing: number;
  would_block: number;
  would_review: number;
  would_allow: number;
  /** Decisions for which the shadow version lacked a score. */
  unjudged: number;
  rules: Map<string, { active: number; shadow: number }>;
  differences: ShadowDifference[];
  /** Differences are kept for so long. */
  retainDays: number;
}

/** What a shadow version would have done. */
export interface ShadowTotals {
  counts: Array<{ against: number; seen: number; differing: number; would_block: number; would_review: number; would_allow: number; unjudged: number }>;
  rules: Array<{ rule: string; active: number; shadow: number }>;
  differences: ShadowDifference[];
}

/** Differences that are kept per version. */
const KEPT = 200;
const SECONDS_PER_DAY = 86_400;
const COUNTERS = ['seen', 'differing', 'would_block', 'would_review', 'would_allow', 'unjudged'] as const;

/** Adds a batch to the totals; differences beyond the newest {@link KEPT} go, and those that are too old. */
export async function addShadowBatch(trx: Kysely<Schema>, batch: ShadowBatch): Promise<void> {
  const { id: policy_id, version, against } = batch;
  const counts = Object.fromEntries(COUNTERS.map((counter) => [counter, batch[counter]])) as Record<(typeof COUNTERS)[number], number>;
  await trx
    .insertInto('policy_shadow_counts')
    .values({ policy_id, version, against, ...counts })
    .onConflict((conflict) => conflict.columns(['policy_id', 'version', 'against']).doUpdateSet((set) => Object.fromEntries(COUNTERS.map((counter) => [counter, sql`${set.ref(`policy_shadow_counts.${counter}`)} + ${set.ref(`excluded.${counter}`)}`]))))
    .execute();
  // In one order everywhere: two processes that add the same rules must not wait for each other in a circle.
  const rules = [...batch.rules].sort(([a], [b]) => (a < b ? -1 : 1)).map(([rule, { active, shadow }]) => ({ policy_id, version, rule, active, shadow }));
  if (rules.length > 0) {
    const sum = (set: { ref(name: never): unknown }, column: string) => sql<number>`${set.ref(`policy_shadow_rules.${column}` as never)} + ${set.ref(`excluded.${column}` as never)}`;
    await trx.insertInto('policy_shadow_rules').values(rules).onConflict((conflict) => conflict.columns(['policy_id', 'version', 'rule']).doUpdateSet((set) => ({ active: sum(set, 'active'), shadow: sum(set, 'shadow') }))).execute();
  }
  if (batch.differences.length > 0) await keepDifferences(trx, batch);
}

async function keepDifferences(trx: Kysely<Schema>, { id, version, differences, retainDays }: ShadowBatch): Promise<void> {
  await trx.insertInto('policy_shadow_differences').values(differences.map((difference) => ({ policy_id: id, version, difference: JSON.stringify(difference) }))).execute();
  const oldest = trx.selectFrom('policy_shadow_differences').select('seq').where('policy_id', '=', id).where('version', '=', version).orderBy('seq', 'desc').offset(KEPT);
  await trx.deleteFrom('policy_shadow_differences').where('seq', 'in', oldest).execute();
  const since = Date.now() / 1_000 - retainDays * SECONDS_PER_DAY;
  await trx.deleteFrom('policy_shadow_differences').where('policy_id', '=', id).where('version', '=', version).where(sql<number>`(difference::json->>'at')::float8`, '<', since).execute();
}

/** Totals of a version's time in the shadow, with its newest differences first. */
export async function readShadowTotals(kysely: Kysely<Schema>, id: string, version: number, limit: number): Promise<ShadowTotals> {
  const of = () => kysely.selectFrom('policy_shadow_counts').where('policy_id', '=', id).where('version', '=', version);
  const counts = await of().select(['against', ...COUNTERS]).orderBy('against').execute();
  const rules = await kysely.selectFrom('policy_shadow_rules').select(['rule', 'active', 'shadow']).where('policy_id', '=', id).where('version', '=', version).orderBy('rule').execute();
  const differences = await kysely.selectFrom('policy_shadow_differences').select('difference').where('policy_id', '=', id).where('version', '=', version).orderBy('seq', 'desc').limit(limit).execute();
  return {
    counts: counts.map(({ against, ...row }) => ({ against, ...(Object.fromEntries(COUNTERS.map((counter) => [counter, Number(row[counter])])) as Record<(typeof COUNTERS)[number], number>) })),
    rules: rules.map(({ rule, active, shadow }) => ({ rule, active: Number(active), shadow: Number(shadow) })),
    differences: differences.map((row) => JSON.parse(row.difference) as ShadowDifference),
  };
}
