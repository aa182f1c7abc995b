export { screenChunk } from './audits/running/audit-screening.js';
export { logChunks } from './audits/intake/log-chunks.js';
export { createGatewayApp } from './create-gateway-app.js';
export { defaultSettings } from './gateway-options.js';
export { GatewayMetrics } from './metrics/gateway-metrics.js';
export { type GatewayConnections, openGateway } from './open-gateway.js';
export { ScreeningService } from './screening/screening.service.js';
