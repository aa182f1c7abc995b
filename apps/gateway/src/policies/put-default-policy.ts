import type { Logger } from '@sallyport/platform';
import { DEFAULT_POLICY } from '@sallyport/policy';
import type { PolicyRepository } from '@sallyport/storage';

/** The thresholds of a release belong to its models: a default policy that nobody changed follows them, and one that somebody changed is left and named. */
export async function putDefaultPolicy(policies: PolicyRepository, id: string, logger: Logger): Promise<void> {
  await policies.seed(id, DEFAULT_POLICY);
  const renewal = await policies.renew(id, DEFAULT_POLICY, 'Defaults of this release');
  if (renewal.outcome === 'renewed') logger.info({ policy: id, version: renewal.version }, 'The default policy was as an earlier release made it: this release\'s defaults are active now; roll back for the version before.');
  if (renewal.outcome === 'changed by hand') logger.info({ policy: id }, 'The default policy was changed here, or is older than the record of changes, so the defaults of this release were not applied; GET /v1/policies/schema shows them.');
}
