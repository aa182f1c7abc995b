import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import { readPolicyFile, readRows } from './policy-file.js';
import { GatewayConnection, type ServerFlags } from '../../gateway-connection.js';

export interface DryRunFlags extends ServerFlags {
  version?: string;
  file?: string;
  audit?: string;
  in?: string;
  json?: boolean;
  failOnChange?: boolean;
}

interface Report {
  policy: string;
  against: string;
  rows: number;
  changed: number;
  skipped: number;
  decisions: Record<'before' | 'after', Record<string, number>>;
  by_category: Record<string, { before: number; after: number; added: number; removed: number }>;
  examples: Array<{ line: number; id?: string; before: string; after: string; reasons: Array<{ rule: string; score?: number; threshold?: number }> }>;
}

/** `sallyport policies dry-run <id>`: what a version or a file would change about an audit or recorded decisions. */
export async function dryRunPolicy(id: string, flags: DryRunFlags): Promise<void> {
  if ((flags.version === undefined) === (flags.file === undefined)) throw new CliError('Give --version or --file: what is to be tried.', undefined, EXIT.invalid);
  if ((flags.audit === undefined) === (flags.in === undefined)) throw new CliError('Give --audit or --in: what it is to be tried on.', undefined, EXIT.invalid);
  const tried = flags.file === undefined ? { version: Number(flags.version) } : { document: await readPolicyFile(flags.file) };
  const on = flags.in === undefined ? { audit_id: flags.audit } : { rows: await readRows(flags.in) };
  const report = await new GatewayConnection(flags).post<Report>(`policies/${encodeURIComponent(id)}/dry-run`, { ...tried, ...on });
  if (flags.json) console.log(JSON.stringify(report, null, 2));
  else show(report);
  if (flags.failOnChange && report.changed > 0) process.exitCode = EXIT.different;
}

function show({ policy, against, rows, changed, skipped, decisions, by_category, examples }: Report): void {
  console.log(`${policy} against ${against}: ${changed} of ${rows} decisions change${skipped > 0 ? ` (${skipped} rows have none)` : ''}`);
  for (const action of ['allow', 'review', 'block']) console.log(`  ${action}: ${decisions.before[action] ?? 0} -> ${decisions.after[action] ?? 0}`);
  for (const [code, { before, after, added, removed }] of Object.entries(by_category)) if (added + removed > 0) console.log(`  ${code}: ${before} -> ${after} (+${added} -${removed})`);
  for (const { line, id, before, after, reasons } of examples) console.log(`  line ${line}${id === undefined ? '' : ` (${id})`}: ${before} -> ${after}${reasons[0] ? `, ${reasonText(reasons[0])}` : ''}`);
}

const reasonText = ({ rule, score, threshold }: Report['examples'][number]['reasons'][number]): string => (score === undefined ? rule : `${rule} ${score.toFixed(3)} against ${threshold}`);
