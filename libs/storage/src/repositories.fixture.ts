import { describe, expect, it } from 'vitest';
import { describeControl } from './audit-control.fixture.js';
import { AuditRepository } from './audit-repository.js';
import { describeEnds, describeScreening } from './audit-runs.fixture.js';
import { describeTries, describeTurns } from './audit-turns.fixture.js';
import { describeUpload } from './audit-uploads.fixture.js';
import { BatchRepository } from './batch-repository.js';
import { describeBatches, describeBatchEnds } from './batches.fixture.js';
import type { Database } from './database.js';
import { FileRepository } from './file-repository.js';
import { describeFiles } from './files.fixture.js';
import { describeLabels } from './labels.fixture.js';
import { describePolicies } from './policies.fixture.js';
import { describeConcurrency, describeLifecycle } from './policy-lifecycle.fixture.js';
import { PolicyRepository } from './policy-repository.js';
import { newId } from './samples.fixture.js';

/** The contract of the repositories, the same on PGlite and on PostgreSQL. */
export function describeRepositories(open: () => Database): void {
  describe('PolicyRepository', () => {
    describePolicies(() => new PolicyRepository(open()));
    describeLifecycle(() => new PolicyRepository(open()));
    describeConcurrency(() => new PolicyRepository(open()));
  });
  describe('AuditRepository', () => {
    describeUpload(() => new AuditRepository(open()));
    describeScreening(() => new AuditRepository(open()));
    describeEnds(() => new AuditRepository(open()));
    describeControl(() => new AuditRepository(open()));
    describeTurns(() => new AuditRepository(open()));
    describeTries(() => new AuditRepository(open()));
  });
  describe('LabelRepository', () => describeLabels(open));
  describe('FileRepository', () => describeFiles(() => new FileRepository(open())));
  describe('BatchRepository', () => {
    const both = () => ({ batches: new BatchRepository(open()), files: new FileRepository(open()) });
    describeBatches(both);
    describeBatchEnds(both);
  });
  describe('failures', () => describeFailures(open));
}

function describeFailures(open: () => Database): void {
  it('says invalid_request for an id with NUL, without repeating it', async () => {
    const failure = await new PolicyRepository(open()).get('secret\u0000id').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'SallyportError', code: 'invalid_request' });
    expect(String(failure)).not.toContain('secret');
  });

  it('rolls a failed transaction back and goes on working', async () => {
    const { kysely } = open();
    const id = newId('policy');
    const failing = kysely.transaction().execute(async (trx) => {
      await trx.insertInto('policies').values({ id, active: 1, latest: 1 }).execute();
      await trx.insertInto('policies').values({ id, active: 1, latest: 1 }).execute();
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    await expect(new PolicyRepository(open()).get(id)).rejects.toMatchObject({ code: 'policy_not_found' });
  });

  it('says that a COMMIT of an aborted transaction rolled back', async () => {
    const client = await open().pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1/0').catch(() => undefined);
    expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
    client.release();
  });

  it('takes queries in both forms of pg', async () => {
    const { pool } = open();
    expect((await pool.query('SELECT $1::int AS n', [7])).rows).toEqual([{ n: 7 }]);
    expect((await pool.query({ text: 'SELECT $1::int AS n', values: [7] })).rows).toEqual([{ n: 7 }]);
    expect((await pool.query({ text: 'SELECT $1::int, 8', values: [7], rowMode: 'array' })).rows).toEqual([[7, 8]]);
    expect((await pool.query({ text: 'SELECT 7, 8', rowMode: 'array' })).rows).toEqual([[7, 8]]);
  });
}
