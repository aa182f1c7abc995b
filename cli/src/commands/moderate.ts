import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { PolicyVersion } from '@sallyport/contracts';
import { moderateLines } from '@sallyport/embedded';
import { loadConfig } from '@sallyport/platform';
import { DEFAULT_POLICY } from '@sallyport/policy';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { policyIdOf, readPolicyFile } from './policies/policy-file.js';

interface ModerateFlags {
  in: string;
  out?: string;
  policy: string;
  guard?: string;
  promptGuard?: string;
}

/** `sallyport moderate`. */
export function registerModerate(program: Command): void {
  program
    .command('moderate')
    .description('screen a file of JSON lines ({"text"} or {"messages"}) and write one verdict per line, in order')
    .requiredOption('--in <file>', 'JSON lines to read')
    .option('--out <file>', 'where the verdicts go (default: standard output)')
    .option('--policy <file>', 'policy document as YAML or JSON, or "default"', 'default')
    .option('--guard <reference>', '"bundled", a model folder, a GGUF file, hf:org/name, openai:<base URL>#<model>, or bundled+<one of these> (SALLYPORT_GUARD)')
    .option('--prompt-guard <reference>', '"bundled", a model folder or hf:org/name (SALLYPORT_PROMPT_GUARD)')
    .action(moderate);
}

async function moderate(flags: ModerateFlags): Promise<void> {
  const config = loadConfig(undefined, { SALLYPORT_GUARD: flags.guard, SALLYPORT_PROMPT_GUARD: flags.promptGuard });
  const policy = await readPolicy(flags.policy);
  const source = await open(flags.in).catch((cause: unknown) => { throw new CliError(`${flags.in} cannot be read.`, cause); });
  await source.close();
  const target = flags.out === undefined ? undefined : await open(flags.out, 'w');
  const counts = { lines: 0, failed: 0, blocked: 0 };
  try {
    for await (const { line, ...verdict } of moderateLines(config, createReadStream(flags.in), policy)) {
      counts.lines += 1;
      if (verdict.error) counts.failed += 1;
      if (verdict.decision === 'block') counts.blocked += 1;
      // A line that could not be judged keeps its number, so that it can be found in the input.
      const text = `${JSON.stringify(verdict.decision === undefined ? { line, ...verdict } : verdict)}\n`;
      if (target) await target.write(text);
      else process.stdout.write(text);
      if (counts.lines % 100 === 0) tell(counts, '\r');
    }
  } finally {
    await target?.close();
  }
  tell(counts, '\n');
}

function tell({ lines, failed, blocked }: { lines: number; failed: number; blocked: number }, end: string): void {
  if (end === '\r' && !process.stderr.isTTY) return;
  process.stderr.write(`${lines} lines, ${blocked} blocked, ${failed} not judged${end}`);
}

async function readPolicy(reference: string): Promise<PolicyVersion> {
  if (reference === 'default') return { id: 'default', version: 1, document: DEFAULT_POLICY };
  return { id: policyIdOf(reference), version: 1, document: await readPolicyFile(reference) };
}
