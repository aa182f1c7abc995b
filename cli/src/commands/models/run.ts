import { readFile, writeFile } from 'node:fs/promises';
import { type Quantization, runModel, type RunModelInput } from '@sallyport/llama-core';
import { type Command, Option } from 'commander';
import { CliError } from '../../cli-error.js';
import { fetchModel, REFERENCE_HELP } from './fetch-model.js';

interface RunFlags {
  in: string;
  out: string;
  batch?: boolean;
  quantize: Quantization;
  adapter?: string;
}

/** `sallyport models run`. */
export function registerRun(models: Command): void {
  models
    .command('run')
    .description('run a model on token ids: next-token logits of a decoder, label logits of a classifier')
    .argument('<reference>', REFERENCE_HELP)
    .requiredOption('--in <file>', 'JSON {"input_ids": [[…]], "attention_mask"?: [[…]], "greedy"?: n}')
    .requiredOption('--out <file>', 'JSON {"logits": [[…]], "greedy"?: [[…]]}')
    .option('--adapter <path>', 'LoRA adapter to merge in: a peft folder or a GGUF file')
    .option('--batch', 'all rows in one batch')
    .addOption(new Option('--quantize <bits>', 'quantize the weights on load').choices(['none', 'int4', 'int8']).default('none'))
    .action(run);
}

async function run(reference: string, { in: input, out, batch = false, quantize, adapter }: RunFlags): Promise<void> {
  const text = await readFile(input, 'utf8').catch((cause: unknown) => { throw new CliError(`--in: ${input} cannot be read.`, cause); });
  const model = await fetchModel(reference);
  const result = await runModel(model, parse(text, input), { batch, quantization: quantize, ...(adapter === undefined ? {} : { adapter }) });
  await writeFile(out, `${JSON.stringify(result)}\n`);
}

function parse(text: string, file: string): RunModelInput {
  try {
    return JSON.parse(text) as RunModelInput;
  } catch (cause) {
    throw new CliError(`--in: ${file} is not valid JSON.`, cause);
  }
}
