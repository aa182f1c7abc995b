import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { SCHEMA_NAME, type Schema } from '../schema.js';
import { policies } from './0001-policies.js';
import { audits } from './0002-audits.js';
import { policyLifecycle } from './0003-policy-lifecycle.js';
import { batches } from './0004-batches.js';
import { auditControl } from './0005-audit-control.js';
import { auditInputs } from './0006-audit-inputs.js';
import { auditLabels } from './0007-audit-labels.js';

const MIGRATIONS: Record<string, Migration> = { '0001-policies': policies, '0002-audits': audits, '0003-policy-lifecycle': policyLifecycle, '0004-batches': batches, '0005-audit-control': auditControl, '0006-audit-inputs': auditInputs, '0007-audit-labels': auditLabels };

/** Brings the schema up to date; the caller turns what it throws into a SallyportError. */
export async function migrate(kysely: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => MIGRATIONS },
    migrationTableSchema: SCHEMA_NAME,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
