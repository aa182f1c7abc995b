export type { CallContext, Handler, Handlers } from './handlers.js';
export { InProcessBroker, type LaneConcurrency } from './in-process/in-process-broker.js';
export { type JobAgain, type JobHandler, JobQueue, type JobQueueOptions, type JobStore, type JobTry } from './jobs/job-queue.js';
export { PipelineExceptionFilter } from './nest/pipeline-exception.filter.js';
export { serveAlone } from './nest/serve-alone.js';
export { PipelineContext, PipelineServer, type PipelineServerOptions } from './nest/pipeline-server.js';
export { RedisConnection } from './redis/redis-connection.js';
export { RedisServer, type RedisServerOptions } from './redis/redis-server.js';
