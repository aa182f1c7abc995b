import { readAudit, type StoredChunk, storedChunks } from '@sallyport/audit-formats';
import { SallyportError } from '@sallyport/contracts';
import type { AuditSettings } from '../../gateway-options.js';

const CHUNK_CHARS = 4 * 1024 * 1024;

/** Lines of a log that is read as it comes, in chunks as audits store them. JSON lines where the content leaves it open. */
export async function* logChunks(source: AsyncIterable<Buffer>, { chunkLines, maxLineBytes, unpack }: Pick<AuditSettings, 'chunkLines' | 'maxLineBytes' | 'unpack'>): AsyncGenerator<StoredChunk> {
  const { lines } = await readAudit(source, {}, { maxRecordBytes: maxLineBytes, unpack, expected: 'jsonl', spool: refuseSpool });
  yield* storedChunks(lines, { maxLines: chunkLines, maxChars: CHUNK_CHARS, dedupe: false });
}

async function refuseSpool(): Promise<never> {
  throw new SallyportError('unsupported_feature', 'Parquet cannot be read as it comes; start an audit of the file.', { param: 'file' });
}
