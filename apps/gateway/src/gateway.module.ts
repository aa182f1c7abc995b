import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { clientToken, SERVICES, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import type { JobQueue } from '@sallyport/pipeline';
import { AuditRepository, BatchRepository, type Database, FileRepository, LabelRepository, PolicyRepository } from '@sallyport/storage';
import { AuditIntake } from './audits/intake/audit-intake.js';
import { AuditSpool } from './audits/intake/audit-spool.js';
import { AUDIT_JOBS, type AuditJob, AuditRunner } from './audits/running/audit-runner.js';
import { AuditsController } from './audits/audits.controller.js';
import { AuditsService } from './audits/audits.service.js';
import { AuditReportController } from './audits/report/audit-report.controller.js';
import { AuditReportService } from './audits/report/audit-report.service.js';
import { ReviewsController } from './audits/reviews/reviews.controller.js';
import { ReviewsService } from './audits/reviews/reviews.service.js';
import { BatchFilesWriter } from './batches/batch-files.js';
import { BatchRequests } from './batches/batch-requests.js';
import { BATCH_JOBS, type BatchJob, BatchRunner } from './batches/batch-runner.js';
import { BatchesController } from './batches/batches.controller.js';
import { BatchesService } from './batches/batches.service.js';
import { ChatController } from './chat/chat.controller.js';
import { ChatService } from './chat/chat.service.js';
import { FileStore } from './files/file-store.js';
import { FilesController } from './files/files.controller.js';
import { FilesService } from './files/files.service.js';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from './gateway-options.js';
import { HealthController } from './health/health.controller.js';
import { OpenAiExceptionFilter } from './http/openai-exception.filter.js';
import { RouteTable } from './http/route-table.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ModelsController } from './models/models.controller.js';
import { ModelsService } from './models/models.service.js';
import { ModerationsController } from './moderations/moderations.controller.js';
import { ModerationsService } from './moderations/moderations.service.js';
import { PoliciesController } from './policies/policies.controller.js';
import { DryRunService } from './policies/dry-run.service.js';
import { PoliciesService } from './policies/policies.service.js';
import { PolicyAssignmentsController } from './policies/policy-assignments.controller.js';
import { PolicyExchangeController } from './policies/policy-exchange.controller.js';
import { PolicyLifecycleController } from './policies/policy-lifecycle.controller.js';
import { ShadowService } from './policies/shadow.service.js';
import { ScreeningService } from './screening/screening.service.js';
import { AlignmentService } from './screens/alignment.service.js';
import { ScreensController } from './screens/screens.controller.js';
import { ScreensService } from './screens/screens.service.js';
import { TaxonomiesController } from './taxonomies/taxonomies.controller.js';

/** What a composition root hands to the gateway. */
export interface GatewayParts {
  settings: GatewaySettings;
  logger: GatewayLogger;
  clients: Record<ServiceName, ServiceClient>;
  database: Database;
  auditJobs: JobQueue<AuditJob>;
  batchJobs: JobQueue<BatchJob>;
  /** Where uploads are kept while they are read. */
  spoolFolder: string;
  /** Where the contents of files are kept; gateways of one database share it. */
  filesFolder: string;
}

/** The HTTP service, whatever it is connected to. */
@Module({})
export class GatewayModule {
  static register({ settings, logger, clients, database, auditJobs, batchJobs, filesFolder, spoolFolder }: GatewayParts): DynamicModule {
    const given: Provider[] = [
      { provide: GATEWAY_SETTINGS, useValue: settings },
      { provide: GATEWAY_LOGGER, useValue: logger },
      { provide: AUDIT_JOBS, useValue: auditJobs },
      { provide: PolicyRepository, useValue: new PolicyRepository(database) },
      { provide: AuditRepository, useValue: new AuditRepository(database) },
      { provide: LabelRepository, useValue: new LabelRepository(database) },
      { provide: BATCH_JOBS, useValue: batchJobs },
      { provide: BatchRepository, useValue: new BatchRepository(database) },
      { provide: FileRepository, useValue: new FileRepository(database) },
      { provide: AuditSpool, useValue: new AuditSpool(spoolFolder) },
      { provide: FileStore, useValue: new FileStore(filesFolder) },
      ...SERVICES.map((service) => ({ provide: clientToken(service), useValue: clients[service] })),
    ];
    return {
      module: GatewayModule,
      controllers: [ChatController, ModerationsController, ScreensController, ModelsController, PoliciesController, PolicyExchangeController, PolicyLifecycleController, PolicyAssignmentsController, TaxonomiesController, AuditsController, AuditReportController, ReviewsController, FilesController, BatchesController, HealthController, MetricsController],
      providers: [...given, RouteTable, OpenAiExceptionFilter, GatewayMetrics, ModelsService, PoliciesService, ShadowService, DryRunService, ScreeningService, ChatService, ModerationsService, AlignmentService, ScreensService, AuditsService, AuditReportService, ReviewsService, AuditIntake, AuditRunner, FilesService, BatchRequests, BatchFilesWriter, BatchRunner, BatchesService],
    };
  }
}
