import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../database.js';
import { openPglitePool } from '../pglite/open-pglite.js';
import type { PgPoolLike } from '../pool-types.js';
import { PolicyRepository } from '../policy-repository.js';
import { SCHEMA_NAME, type Schema } from '../schema.js';
import { policies } from './0001-policies.js';
import { audits } from './0002-audits.js';
import { policyLifecycle } from './0003-policy-lifecycle.js';
import { documentNamed } from '../samples.fixture.js';

describe('0003-policy-lifecycle', () => {
  let folder: string;
  let pool: PgPoolLike;
  let kysely: Kysely<Schema>;
  let repository: PolicyRepository;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-migration-'));
    pool = await openPglitePool(folder);
    kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) });
    await sql`CREATE SCHEMA ${sql.ref(SCHEMA_NAME)}`.execute(kysely);
    for (const before of [policies, audits]) await before.up(kysely as Kysely<unknown>);
    await sql`INSERT INTO sallyport.policies (id, active, latest) VALUES ('old', 2, 3)`.execute(kysely);
    for (const version of [1, 2, 3]) await sql`INSERT INTO sallyport.policy_versions (policy_id, version, document, note) VALUES ('old', ${version}, ${JSON.stringify({ name: `v${version}` })}, 'kept')`.execute(kysely);
    await policyLifecycle.up(kysely as Kysely<unknown>);
    repository = new PolicyRepository({ kysely: kysely.withSchema(SCHEMA_NAME), pool, exclusive: true } as Database);
  });
  afterAll(async () => {
    await pool.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('leaves versions as they were and knows the active one', async () => {
    expect(await repository.list()).toEqual([{ id: 'old', active: 2, versions: [1, 2, 3] }]);
    expect((await repository.versions('old', { limit: 5 })).map(({ version, state, note }) => [version, state, note])).toEqual([[3, 'draft', 'kept'], [2, 'active', 'kept'], [1, 'draft', 'kept']]);
    expect((await repository.get('old')).document).toEqual({ name: 'v2' });
  });

  it('leaves an old policy to whoever made it: nothing says that nobody changed it', async () => {
    expect(await repository.renew('old', documentNamed('release'), 'a release')).toEqual({ outcome: 'changed by hand' });
    expect((await repository.get('old')).version).toBe(2);
  });

  it('lets an old policy be activated and rolled back', async () => {
    await repository.activate('old', 3);
    expect(await repository.rollBack('old')).toBe(2);
  });

  it('refuses an active version that does not exist, whoever writes it', async () => {
    await expect(sql`UPDATE sallyport.policies SET active = 9 WHERE id = 'old'`.execute(kysely)).rejects.toMatchObject({ code: '23503' });
  });
});
