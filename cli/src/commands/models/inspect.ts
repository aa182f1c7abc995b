import { inspectModel, type ModelReport, resolveModel } from '@sallyport/llama-core';
import { loadConfig } from '@sallyport/platform';
import type { Command } from 'commander';
import { byteSize, parameterCount } from '../../byte-sizes.js';
import { CliError } from '../../cli-error.js';
import { REFERENCE_HELP } from './fetch-model.js';

interface InspectFlags {
  tensors?: boolean;
  template?: boolean;
  json?: boolean;
}

/** `sallyport models inspect`. */
export function registerInspect(models: Command): void {
  models
    .command('inspect')
    .description('what is in a model: shape, tensors and their types, tokenizer, chat template, memory. Nothing is downloaded or run')
    .argument('<reference>', REFERENCE_HELP)
    .option('--tensors', 'every tensor')
    .option('--template', 'the chat template itself')
    .option('--json', 'all of it as JSON')
    .action(inspect);
}

async function inspect(reference: string, { tensors = false, template = false, json = false }: InspectFlags): Promise<void> {
  const path = resolveModel(reference, loadConfig().modelsFolder);
  if (path === undefined) throw new CliError(`${reference} is not here; \`sallyport models pull ${reference}\` gets it.`);
  const report = await inspectModel(path);
  if (json) return console.log(JSON.stringify(report, null, 2));
  console.log(summary(report).join('\n'));
  if (tensors) console.log(['', ...report.tensors.map(({ name, dtype, shape, bytes }) => `${name}  ${dtype} [${shape.join(', ')}]  ${byteSize(bytes)}`)].join('\n'));
  if (template) console.log(`\n${report.tokenizer?.template ?? '(no chat template)'}`);
}

function summary({ path, format, config, types, tensors, parameters, weightBytes, kvBytesPerToken, contextTokens, tokenizer, tokenizerProblem }: ModelReport): string[] {
  const shape = Object.entries(config).map(([name, value]) => `  ${name.padEnd(18)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  const kinds = Object.entries(types).map(([dtype, { count, bytes }]) => `${count} ${dtype} (${byteSize(bytes)})`);
  return [
    `${path}: ${config.kind}, ${format}, ${parameterCount(parameters)} parameters`,
    ...shape,
    `tensors    ${tensors.length}: ${kinds.join(', ')}`,
    tokenizer ? `tokenizer  ${tokenizer.vocabularySize} tokens, ${tokenizer.controlTokens} of them control tokens${tokenizer.eosToken === undefined ? '' : `, ends with ${tokenizer.eosToken}`}` : `tokenizer  not usable: ${tokenizerProblem}`,
    `template   ${tokenizer?.template === undefined ? 'none' : `${tokenizer.template.length} characters (--template shows it)`}`,
    `memory     ${byteSize(weightBytes)} of weights in the file${kvBytesPerToken === 0 ? '' : `; keys and values ${byteSize(kvBytesPerToken)} a token, ${byteSize(kvBytesPerToken * contextTokens)} for ${contextTokens} tokens`}`,
  ];
}
