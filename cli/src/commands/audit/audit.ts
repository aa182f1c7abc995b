import { AUDIT_FORMATS } from '@sallyport/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../exit-codes.js';
import { type AuditFlags, FIELDS } from './audit-flags.js';
import { runAudit } from './run-audit.js';

const HELP = `
The file holds one {"text"} or {"messages"} per line, or CSV, TSV, Parquet or JSON with columns named by --field. --out gets report.html (opens offline), report.json and
results.jsonl: one verdict per line of the file, in order. Ctrl-C stops at any time; the same command again goes on where it stopped.

Without --server, everything runs in this process, with the data in SALLYPORT_HOME. --workers loads that many guards of each kind, on one thread each.

Exit codes: 0 every line was checked and none is blocked, 10 every line was checked and some are blocked, 11 some lines could not be checked (others may be blocked),
1 the server failed, 2 wrong call, 5 not allowed, 6 not found, 130 interrupted.

Examples:
  sallyport audit logs.jsonl --policy default --out report/
  sallyport audit chats.csv --field prompt=question --field response=answer --field timestamp=when --dedupe --out report/
  sallyport audit logs.parquet --field text=body --sample 10000 --server https://sallyport.example --key-file key.txt --out report/`;

const collect = (pair: string, pairs: string[] = []): string[] => [...pairs, pair];

/** `sallyport audit`. */
export function registerAudit(program: Command): void {
  program
    .command('audit')
    .description('screen a file of logs and write a report with plots and one verdict per line; can be interrupted and resumed')
    .argument('<file>', 'the logs')
    .requiredOption('--out <folder>', 'where report and results go; created if missing')
    .option('--policy <reference>', 'policy that judges, id or id@version', 'default')
    .option('--draft <reference>', 'policy whose changes the report shows (default: the one in the shadow)')
    .addOption(new Option('--format <format>', 'of the file (default: found out from its content)').choices(AUDIT_FORMATS))
    .option('--field <name=column>', `column of a field (${FIELDS.join(', ')}); once for each`, collect)
    .option('--sample <lines>', 'screen so many lines chosen at random, or a share such as 0.05 or 5%', sample)
    .option('--seed <n>', 'of the sample: the same seed chooses the same lines', whole)
    .option('--dedupe', 'screen lines with the same content once')
    .option('--priority <n>', 'among audits of the same owner, higher goes first', whole)
    .option('--no-retain-text', 'keep no texts once the audit has ended; the report then shows line numbers only')
    .addOption(new Option('--results <format>', 'of the verdicts').choices(['jsonl', 'csv', 'parquet']).default('jsonl'))
    .option('--server <url>', 'a running server (default: in this process)')
    .addOption(new Option('--key <key>', 'API key, where the server asks for one').env('SALLYPORT_API_KEY'))
    .option('--key-file <file>', 'file with the API key, so that it stands in no process list')
    .option('--home <folder>', 'without --server: folder for data and models (SALLYPORT_HOME, default .sallyport)')
    .option('--workers <n>', 'without --server: guards of each kind that share the work', whole)
    .option('--fresh', 'begin anew, whatever an earlier run left in --out')
    .addHelpText('after', HELP)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.invalid))
    .action(async (file: string, flags: AuditFlags) => {
      process.exitCode = await runAudit(file, flags);
    });
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

/** A number of lines, or a share of them: below 1, or in per cent. */
function sample(text: string): { count: number } | { share: number } {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? [];
  const value = Number(digits) / (percent ? 100 : 1);
  if (digits !== undefined && value > 0 && (value < 1 || percent) && value <= 1) return { share: value };
  if (Number.isInteger(value) && value >= 1 && !percent) return { count: value };
  throw new InvalidArgumentError('Expected a number of lines such as 10000, or a share such as 0.05 or 5%.');
}
