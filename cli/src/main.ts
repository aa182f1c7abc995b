import 'reflect-metadata';
import { Command } from 'commander';
import { CliError, describeFailure } from './cli-error.js';
import { registerAudit } from './commands/audit/audit.js';
import { registerEval } from './commands/eval/eval.js';
import { registerModels } from './commands/models/models.js';
import { registerModerate } from './commands/moderate.js';
import { registerPolicies } from './commands/policies/policies.js';
import { registerStart } from './commands/start.js';

const program = new Command('sallyport').description('Sallyport: a moderation gateway for LLM traffic. Every prompt and every response is screened before it passes.').showHelpAfterError('(add --help for the options)');
registerStart(program);
registerModerate(program);
registerAudit(program);
registerEval(program);
registerModels(program);
registerPolicies(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`sallyport: ${describeFailure(error)}`);
  // Not only the exit code: a thread or socket that something left open must not keep a failed command alive.
  process.exit(error instanceof CliError ? error.exitCode : 1);
}
