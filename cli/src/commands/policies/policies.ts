import type { Command } from 'commander';
import { EXIT } from '../../exit-codes.js';
import { activatePolicy, applyPolicies } from './change-policies.js';
import { diffPolicies, getPolicy, listPolicies } from './show-policies.js';
import { dryRunPolicy } from './try-policy.js';

const EXIT_CODES = `
Exit codes: 0 done or nothing to do, 1 the server failed, 2 wrong call or invalid document, 3 somebody else changed it, 4 differences found, 5 not allowed, 6 not found.`;

/** `sallyport policies …`: policies of a running server, from a shell or a pipeline. */
export function registerPolicies(program: Command): void {
  const policies = program
    .command('policies')
    .description('read, compare, apply and try the policies of a running server')
    .addHelpText('after', EXIT_CODES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.invalid));
  const command = (name: string, description: string) =>
    policies
      .command(name)
      .description(description)
      .option('--url <url>', 'the server', 'http://127.0.0.1:8080')
      .option('--key <key>', 'API key, where the server asks for one')
      .option('--key-file <file>', 'file with the API key, so that it stands in no process list')
      .addHelpText('after', EXIT_CODES);
  command('list', 'every policy, or every version of one').argument('[id]', 'policy').option('--json', 'as JSON').action(listPolicies);
  command('get', 'the document of the active version, as YAML').argument('<id>', 'policy').option('--version <n>', 'another version').option('--json', 'as JSON').action(getPolicy);
  command('diff', 'what differs between the active version and a file or another version (exit code 4)').argument('<id>', 'policy').argument('<other>', 'file, or number of a version').option('--from <n>', 'compare with this version instead of the active one').action(diffPolicies);
  command('apply', 'make the server hold what the files say; the same file again changes nothing')
    .argument('<files...>', 'policy documents, YAML or JSON; the name of a file is the id of its policy')
    .option('--id <id>', 'id of the policy, instead of the name of the file')
    .option('--activate', 'let the version judge at once')
    .option('--note <text>', 'why, for the history')
    .option('--author <name>', 'who, for the history')
    .option('--check', 'only say what would be done (exit code 4 when something would)')
    .action(applyPolicies);
  command('activate', 'make a version the one that judges').argument('<id>', 'policy').argument('<version>', 'number').option('--expect <n>', 'only while this version is active').option('--note <text>', 'why, for the history').action(activatePolicy);
  command('dry-run', 'what a version or a file would change, on stored scores')
    .argument('<id>', 'policy')
    .option('--version <n>', 'version to try')
    .option('--file <file>', 'document to try')
    .option('--audit <id>', 'audit to try it on')
    .option('--in <file>', 'JSON lines to try it on: verdicts, scores or texts')
    .option('--json', 'the whole report as JSON')
    .option('--fail-on-change', 'exit code 4 when a decision changes')
    .action(dryRunPolicy);
}
