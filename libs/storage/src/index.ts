export * from './audit-repository.js';
export * from './batch-repository.js';
export * from './database.js';
export * from './file-repository.js';
export * from './label-repository.js';
export * from './pglite/pglite-pool.js';
export * from './policy-repository.js';
export type * from './pool-types.js';
export type { Schema } from './schema.js';
