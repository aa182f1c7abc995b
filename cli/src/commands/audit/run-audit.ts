import { mkdir } from 'node:fs/promises';
import type { AuditProgress } from '@sallyport/contracts';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import type { GatewayConnection } from '../../gateway-connection.js';
import { ProgressBar } from '../../progress.js';
import { type AuditFlags, auditOptions } from './audit-flags.js';
import { type AuditServer, openServer } from './audit-server.js';
import { type AuditState, readState, requireSame, writeState } from './audit-state.js';
import { digestOf, uploadAudit } from './audit-upload.js';
import { followAudit } from './follow-audit.js';
import { exitCodeOf, writeReport } from './write-report.js';

interface Run {
  file: string;
  flags: AuditFlags;
  server: AuditServer;
  bar: ProgressBar;
  signal: AbortSignal;
}

/** Runs an audit, or goes on with one, and gives the exit code. Ctrl-C ends it in order; a second one at once. */
export async function runAudit(file: string, flags: AuditFlags): Promise<number> {
  const interrupted = new AbortController();
  const onInterrupt = () => (interrupted.signal.aborted ? process.exit(EXIT.interrupted) : interrupted.abort());
  process.on('SIGINT', onInterrupt);
  const bar = new ProgressBar();
  let server: AuditServer | undefined;
  try {
    auditOptions(flags);
    await mkdir(flags.out, { recursive: true }).catch((cause: unknown) => { throw new CliError(`--out: ${flags.out} cannot be created.`, cause, EXIT.invalid); });
    server = await openServer(flags);
    return await audited({ file, flags, server, bar, signal: interrupted.signal });
  } catch (error) {
    bar.finish();
    if (!interrupted.signal.aborted) throw error;
    console.error(await goodbye(flags, server));
    return EXIT.interrupted;
  } finally {
    await server?.close();
    process.off('SIGINT', onInterrupt);
  }
}

async function audited({ file, flags, server, bar, signal }: Run): Promise<number> {
  const { connection } = server;
  const audit = await auditFor({ file, flags, server, bar, signal });
  const progress = await followAudit(connection, audit, { bar, signal });
  bar.finish();
  if (progress.status !== 'completed') console.error(`sallyport: audit ${audit} is ${progress.status}${progress.error ? `: ${progress.error.message}` : '.'} The report covers the lines that were checked. Begin anew with --fresh.`);
  const report = await writeReport(connection, { folder: flags.out, audit, draft: flags.draft, results: flags.results, signal });
  const { block, review, allow, none } = report.decisions;
  console.log(`${report.lines} lines: ${block} blocked, ${review} to review, ${allow} allowed, ${none} not checked. Report: ${flags.out.replace(/\/+$/, '')}/report.html`);
  return progress.status === 'failed' && report.lines === 0 ? EXIT.failed : exitCodeOf(report);
}

/** The id of the audit that an earlier run began, or of a new one. */
async function auditFor({ file, flags, server, bar, signal }: Run): Promise<string> {
  const { connection, where } = server;
  const now = { where, file: await digestOf(file, signal), options: auditOptions(flags) };
  const earlier = flags.fresh ? undefined : await readState(flags.out);
  if (earlier) return resumed(connection, earlier, now);
  const audit = await uploadAudit(connection, { file, bytes: now.file.bytes, options: now.options, bar, signal });
  await writeState(flags.out, { audit, ...now });
  return audit;
}

async function resumed(connection: GatewayConnection, earlier: AuditState, now: Omit<AuditState, 'audit'>): Promise<string> {
  requireSame(earlier, now);
  const { status, done, total } = await connection.get<AuditProgress>(`audits/${earlier.audit}`).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.notFound) throw error;
    throw new CliError(`Audit ${earlier.audit}, which an earlier run began, is gone from there. Begin anew with --fresh.`, error, EXIT.notFound);
  });
  console.error(`Going on with audit ${earlier.audit}: ${done} of ${total} lines are done.`);
  if (status === 'paused') await connection.post(`audits/${earlier.audit}/resume`, {});
  return earlier.audit;
}

async function goodbye({ out }: AuditFlags, server: AuditServer | undefined): Promise<string> {
  const state = await readState(out).catch(() => undefined);
  if (!state) return 'Interrupted before the file was uploaded: nothing is kept. Run the same command to begin anew.';
  if (server?.remote) return `Interrupted. Audit ${state.audit} goes on on the server; run the same command to follow it and to get its report. DELETE /v1/audits/${state.audit} ends it.`;
  return `Interrupted. What is done of audit ${state.audit} is kept; run the same command to go on.`;
}
