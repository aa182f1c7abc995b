import { writeFile } from 'node:fs/promises';
import type { CategoryRule, PolicyDocument } from '@sallyport/contracts';
import { type Moderator, openModerator } from '@sallyport/embedded';
import { loadConfig } from '@sallyport/platform';
import { DEFAULT_POLICY, lowestThreshold } from '@sallyport/policy';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import { readPolicyFile } from '../policies/policy-file.js';
import { evaluateSet, type SetEvaluation } from './evaluate-set.js';
import { type EvaluationSet, readSet, setFiles, type Target } from './evaluation-rows.js';
import { terminalTable } from './report-figures.js';
import { reportHtml } from './report-html.js';
import { scoreSet } from './score-set.js';

interface EvalFlags {
  model: string[];
  set: string[];
  target?: Target;
  policy: string;
  threshold?: number;
  limit?: number;
  replicates: number;
  seed: number;
  json?: string;
  html?: string;
}

const SHAPE = `
A set is JSON lines, plain or gzip. A row: {"text" or "messages", "label": 0 or 1}, and if known "role" (prompt, post, response, document, tool), "task" (content, injection),
"categories" (tags to tabulate), "s" (hazards such as "S1"). Of messages that end with the assistant's, that answer is judged, with its question.
"blocked pos." and "blocked neg." are the parts of the positives and of the negatives that the policy blocks, by all its rules for the screen that is measured.
Example: sallyport eval --model bundled --set dev/ --html report.html`;

/** `sallyport eval`. */
export function registerEval(program: Command): void {
  program
    .command('eval')
    .description('measure a guard on labelled sets: AUPRC, AUROC, F1, recall at 1 % and 5 % false positives, calibration, by category, with confidence intervals')
    .requiredOption('--set <paths...>', 'files (.jsonl, .jsonl.gz), or folders of them')
    .option('--model <references...>', '"bundled", a model folder or hf:org/name; several are compared', ['bundled'])
    .addOption(new Option('--target <label>', 'what is measured (default: as the rows\' "task" says)').choices(['harm', 'attack']))
    .option('--policy <file>', 'policy whose thresholds are used, and of which the report says what it blocks: YAML or JSON, or "default"', 'default')
    .option('--threshold <score>', 'flag at or above this score instead (0-1)', share)
    .option('--limit <rows>', 'read only the first rows of each set', count)
    .option('--replicates <n>', 'bootstrap draws', count, 500)
    .option('--seed <n>', 'seed of the draws', count, 1)
    .option('--json <file>', 'write everything that was measured')
    .option('--html <file>', 'write a report with plots that opens without a network')
    .addHelpText('after', SHAPE)
    .action(evaluate);
}

async function evaluate(flags: EvalFlags): Promise<void> {
  const policy = flags.policy === 'default' ? DEFAULT_POLICY : await readPolicyFile(flags.policy);
  const sets: EvaluationSet[] = [];
  for (const file of await setFiles(flags.set)) sets.push(await readSet(file, flags.target, flags.limit));
  const evaluations: SetEvaluation[] = [];
  for (const model of flags.model) evaluations.push(...(await evaluateModel(model, { sets, policy, flags })));
  console.log(terminalTable(evaluations));
  const at = new Date().toISOString();
  if (flags.json) await save(flags.json, `${JSON.stringify({ at, evaluations: evaluations.map(({ sweep: _sweep, ...rest }) => rest) }, null, 1)}\n`);
  if (flags.html) await save(flags.html, reportHtml(evaluations, at));
}

interface Plan {
  sets: readonly EvaluationSet[];
  policy: PolicyDocument;
  flags: EvalFlags;
}

/** A reference may name a guard or a prompt guard, so each target of the sets is opened by itself; the other service keeps the bundled model and is not asked. */
async function evaluateModel(reference: string, { sets, policy, flags }: Plan): Promise<SetEvaluation[]> {
  const found = new Map<EvaluationSet, SetEvaluation>();
  for (const target of new Set(sets.map((set) => set.target))) {
    const moderator = await openModerator(loadConfig(undefined, { SALLYPORT_GUARD: target === 'harm' ? reference : 'bundled', SALLYPORT_PROMPT_GUARD: target === 'attack' ? reference : 'bundled' }));
    try {
      for (const set of sets.filter((one) => one.target === target)) found.set(set, await measured(moderator, set, { sets, policy, flags }));
    } finally {
      await moderator.close();
    }
  }
  return sets.map((set) => found.get(set)!);
}

async function measured(moderator: Moderator, set: EvaluationSet, { policy, flags }: Plan): Promise<SetEvaluation> {
  const scored = await scoreSet(moderator, set, policy, (done) => tell(set, done));
  if (scored.failed.length > 0) console.error(`${set.name}: ${scored.failed.length} of ${set.rows.length} rows have no score, the first on line ${scored.failed[0]!.line}: ${scored.failed[0]!.reason}`);
  const thresholds = policyThresholds(policy, set);
  return evaluateSet(set.name, set.target, scored, { threshold: flags.threshold ?? thresholds.main, hazardThreshold: thresholds.hazard, replicates: flags.replicates, seed: flags.seed });
}

/** The policy's thresholds for what a set labels and for single hazards, in the direction of its rows; where they have several, the lowest. */
export function policyThresholds({ categories, attacks }: PolicyDocument, { target, rows }: Pick<EvaluationSet, 'target' | 'rows'>): { main: number; hazard: (code: string) => number } {
  const directions = [...new Set(rows.map((row) => row.direction))];
  const thresholdOf = (rule: CategoryRule | undefined) => lowestThreshold(rule, directions) ?? rule?.threshold ?? 0.5;
  return { main: thresholdOf(target === 'harm' ? categories['harm'] : attacks['attack']), hazard: (code) => thresholdOf(categories[code]) };
}

/** Progress: a line that grows in a terminal, elsewhere one at the end of a set. */
function tell({ name, rows }: EvaluationSet, done: number): void {
  const ended = done === rows.length;
  if (!ended && (!process.stderr.isTTY || done % 50 !== 0)) return;
  process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${name}: ${done} of ${rows.length} rows${ended ? '\n' : ''}`);
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => { throw new CliError(`${file} cannot be written.`, cause, EXIT.failed); });
  console.error(`Wrote ${file}`);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}
