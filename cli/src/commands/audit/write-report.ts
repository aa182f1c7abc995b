import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AuditReport } from '@sallyport/reporting';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import type { GatewayConnection } from '../../gateway-connection.js';

/** What is to be written, and where to. */
export interface Reporting {
  folder: string;
  audit: string;
  draft?: string | undefined;
  results: 'jsonl' | 'csv' | 'parquet';
  signal: AbortSignal;
}

/** Writes results, report.json and report.html, each whole or not at all, and gives the report. */
export async function writeReport(connection: GatewayConnection, { folder, audit, draft, results, signal }: Reporting): Promise<AuditReport> {
  const query = draft === undefined ? '' : `&draft=${encodeURIComponent(draft)}`;
  const save = (path: string, name: string) => download(connection, { path: `audits/${audit}/${path}`, file: join(folder, name), signal });
  await save(`results?format=${results}`, `results.${results}`);
  await save(`report?format=html${query}`, 'report.html');
  const report = (await (await connection.send(`audits/${audit}/report?format=json${query}`, { signal })).json()) as AuditReport;
  await written(Readable.from([`${JSON.stringify(report, null, 1)}\n`]), join(folder, 'report.json'));
  return report;
}

async function download(connection: GatewayConnection, { path, file, signal }: { path: string; file: string; signal: AbortSignal }): Promise<void> {
  const { body } = await connection.send(path, { signal });
  await written(Readable.fromWeb((body ?? new ReadableStream()) as Parameters<typeof Readable.fromWeb>[0]), file);
}

async function written(source: Readable, file: string): Promise<void> {
  try {
    await pipeline(source, createWriteStream(`${file}.part`));
    await rename(`${file}.part`, file);
  } catch (cause) {
    throw new CliError(`${file} could not be written.`, cause, EXIT.failed);
  }
}

/** The exit code that a report asks for. */
export function exitCodeOf({ decisions, not_checked: { not_reached, unreadable, no_verdict, let_through } }: AuditReport): number {
  if (not_reached + unreadable.lines + no_verdict.lines + let_through.lines > 0) return EXIT.unchecked;
  return decisions.block > 0 ? EXIT.blocked : EXIT.ok;
}
