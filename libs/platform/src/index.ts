export { type DeploymentMode, loadConfig, type LogLevel, repositoryRoot, type SallyportConfig } from './config.js';
export { type HealthServer, serveHealth } from './health-server.js';
export { createLogger, errorFields, type Logger } from './logger.js';
export { closeOnSignal, runMain } from './shutdown.js';
