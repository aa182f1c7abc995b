export type { ByteFile } from './bytes/byte-file.js';
export type { SpooledFile } from './bytes/spooled-file.js';
export type { UnpackLimits } from './bytes/unpacked-bytes.js';
export type { Container } from './detect-format.js';
export { type AuditSource, readAudit, type ReadResources } from './read-audit.js';
export { ndjsonLines, type UploadLine } from './readers/ndjson-lines.js';
export type { CanonicalLine } from './records/canonical-line.js';
export { type AuditLine, readStoredLine, type StoredContent, type StoredFailure, type StoredLine, type StoredPlace } from './records/stored-line.js';
export { type StoredChunk, storedChunks } from './selection/stored-chunks.js';
