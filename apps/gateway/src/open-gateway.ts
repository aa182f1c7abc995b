import type { DynamicModule } from '@nestjs/common';
import { join } from 'node:path';
import type { ServiceClient, ServiceName } from '@sallyport/contracts';
import { JobQueue, type JobQueueOptions, type JobStore } from '@sallyport/pipeline';
import { createLogger, type SallyportConfig } from '@sallyport/platform';
import { type Database, PolicyRepository } from '@sallyport/storage';
import type { AuditJob } from './audits/running/audit-runner.js';
import type { BatchJob } from './batches/batch-runner.js';
import { GatewayModule } from './gateway.module.js';
import { defaultSettings } from './gateway-options.js';
import { putDefaultPolicy } from './policies/put-default-policy.js';

/** What differs between the deployments. */
export interface GatewayConnections {
  clients: Record<ServiceName, ServiceClient>;
  database: Database;
  jobs: JobStore;
  /** Chunks of audits that are worked on at a time; default: as the settings say. */
  auditChunksAtOnce?: number;
}

/** Puts the default policy in place, opens the queues and puts the gateway's module together. */
export async function openGateway(config: SallyportConfig, { clients, database, jobs, auditChunksAtOnce }: GatewayConnections): Promise<DynamicModule> {
  const settings = defaultSettings({
    audit: { ...defaultSettings().audit, folder: config.auditFolder, s3: config.auditS3 },
    apiKeys: config.apiKeys,
    consoleFolder: config.consoleFolder,
    screenDeadlineMs: config.screenDeadlineMs,
    generateDeadlineMs: config.generateDeadlineMs,
    verdictCache: { maxEntries: config.verdictCacheEntries, ttlMs: 300_000 },
  });
  const logger = createLogger({ service: 'gateway', level: config.logLevel });
  await putDefaultPolicy(new PolicyRepository(database), settings.defaultPolicy, logger);
  const open = <Job extends object>(name: string, { concurrency, attempts, backoffMs }: Pick<JobQueueOptions, 'concurrency' | 'attempts' | 'backoffMs'>) => JobQueue.open<Job>({ name, store: jobs, concurrency, attempts, backoffMs });
  const [auditJobs, batchJobs] = [await open<AuditJob>('audits', { ...settings.audit, concurrency: Math.max(settings.audit.concurrency, auditChunksAtOnce ?? 0) }), await open<BatchJob>('batches', settings.batch)];
  return GatewayModule.register({ settings, logger, clients, database, auditJobs, batchJobs, filesFolder: join(config.home, 'files'), spoolFolder: join(config.home, 'spool') });
}
