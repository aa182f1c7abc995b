import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuditOptions } from '@sallyport/contracts';
import type { SpooledFile } from './bytes/spooled-file.js';
import { readAudit, type ReadResources } from './read-audit.js';
import type { AuditLine } from './records/stored-line.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures');

/** A file of the fixtures, which `fixtures/make.py` makes with pyarrow and Python's csv module. */
export const fixture = (name: string): Buffer => readFileSync(join(folder, name));
export const jsonFixture = <T>(name: string): T => JSON.parse(fixture(name).toString()) as T;

/** Bytes in pieces of this size. */
export async function* inPieces(bytes: Buffer | string, size = 1_000): AsyncGenerator<Buffer> {
  const whole = Buffer.from(bytes);
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

/** A spool that is memory. */
export async function keepInMemory(bytes: AsyncIterable<Buffer>): Promise<SpooledFile> {
  const whole = Buffer.concat(await all(bytes));
  return { byteLength: whole.length, slice: async (start, end) => new Uint8Array(whole.subarray(start, end)).slice().buffer, bytes: () => inPieces(whole) };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Reads a file as an audit would, with small limits. */
export async function readLines(bytes: Buffer | string, options: AuditOptions = {}, resources: Partial<ReadResources> = {}): Promise<{ lines: AuditLine[]; skipped: number }> {
  const source = await readAudit(inPieces(bytes), options, { maxRecordBytes: 64 * 1024, unpack: { bytes: 256 * 1024 * 1024, ratio: 200 }, spool: keepInMemory, ...resources });
  const lines = await all(source.lines);
  return { lines, skipped: source.skipped() };
}

/** What was read of each line. */
export const contents = ({ lines }: { lines: AuditLine[] }) => lines.map((line) => ('content' in line ? line.content : line.failure.code));
