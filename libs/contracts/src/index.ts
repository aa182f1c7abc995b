export * from './audit.js';
export * from './batch.js';
export * from './conversation.js';
export * from './errors.js';
export * from './generation.js';
export * from './policy.js';
export * from './screening.js';
export * from './services.js';
