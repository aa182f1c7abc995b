import { SallyportError } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { type Actor, writeDown } from './trail.js';
import { lockPolicy, requireVersion } from './versions.js';

/** Conditions and author of a change of what judges. */
export interface ActivateOptions extends Actor {
  /** The change is refused unless this version is active. */
  expected?: number | undefined;
}

/** Makes a version the active one; that it was in the shadow ends with it. */
export async function activateVersion(trx: Kysely<Schema>, id: string, version: number, { expected, ...actor }: ActivateOptions): Promise<void> {
  const { active, shadow } = await lockPolicy(trx, id, expected);
  await requireVersion(trx, id, version);
  await makeActive(trx, id, version, shadow);
  await writeDown(trx, { id, change: 'activated', version, previous: active, ...actor });
}

/** Goes back to the version that was active before the active one was activated; a second call goes back further. Gives the version that is active then. */
export async function rollBack(trx: Kysely<Schema>, id: string, { expected, ...actor }: ActivateOptions): Promise<number> {
  const { active, shadow } = await lockPolicy(trx, id, expected);
  const entry = await trx
    .selectFrom('policy_history')
    .select('previous')
    .where('policy_id', '=', id)
    .where('change', '=', 'activated')
    .where('version', '=', active)
    .whereRef('previous', '!=', 'version')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (entry?.previous === undefined || entry.previous === null) throw new SallyportError('version_conflict', `Version ${active} is the first that was active; there is nothing to go back to.`);
  await makeActive(trx, id, entry.previous, shadow);
  await writeDown(trx, { id, change: 'rolled_back', version: entry.previous, previous: active, ...actor });
  return entry.previous;
}

async function makeActive(trx: Kysely<Schema>, id: string, version: number, shadow: number | null): Promise<void> {
  await trx.updateTable('policies').set({ active: version, ...(shadow === version ? { shadow: null } : {}) }).where('id', '=', id).execute();
  await trx.updateTable('policy_versions').set({ activated_at: sql<Date>`coalesce(activated_at, clock_timestamp())` }).where('policy_id', '=', id).where('version', '=', version).execute();
}

/** Puts a version into the shadow of the active one, or takes out what is there. */
export async function shadowVersion(trx: Kysely<Schema>, id: string, version: number | null, { expected, ...actor }: ActivateOptions): Promise<void> {
  const { active, shadow } = await lockPolicy(trx, id, expected);
  if (version === shadow) return;
  if (version === active) throw new SallyportError('version_conflict', `Version ${version} is active; its own shadow would show nothing.`);
  if (version !== null) await requireVersion(trx, id, version);
  await trx.updateTable('policies').set({ shadow: version }).where('id', '=', id).execute();
  await writeDown(trx, { id, change: version === null ? 'shadow_stopped' : 'shadow_started', version: version ?? shadow, previous: shadow, ...actor });
}
