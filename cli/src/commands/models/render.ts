import { readFile, stat, writeFile } from 'node:fs/promises';
import { loadFolderTokenizer, loadGgufTokenizer, openGguf, type Tokenizer } from '@sallyport/llama-core';
import { type GuardMessage, type GuardPrompt, LLAMA_GUARD_VERSIONS, llamaGuardPrompt, llamaGuardVersion, type PromptForm } from '@sallyport/policy';
import { type Command, Option } from 'commander';
import { CliError } from '../../cli-error.js';

interface RenderFlags {
  in: string;
  out: string;
  tokenizer?: string;
  form: PromptForm;
}

/** One line of the output; ids only with a tokenizer. */
export interface RenderedRow {
  prompt: string;
  token_ids?: number[];
}

const FIELDS: ReadonlySet<string> = new Set(['messages', 'template', 'excluded', 'categories']);

/** `sallyport models render`. */
export function registerRender(models: Command): void {
  models
    .command('render')
    .description('print the prompts that ask a Llama Guard about conversations, with their token ids')
    .requiredOption('--in <file>', `JSON [{"messages": […], "template": ${LLAMA_GUARD_VERSIONS.map((version) => `"${version}"`).join(' | ')}, "excluded"?: [codes], "categories"?: {code: text} | null}]`)
    .requiredOption('--out <file>', 'JSON [{"prompt", "token_ids"?}]')
    .option('--tokenizer <folder>', 'model folder or GGUF file whose tokenizer gives the ids')
    .addOption(new Option('--form <form>', 'as the published templates print it, or without their two accidents').choices(['published', 'corrected']).default('published'))
    .action(render);
}

async function render(flags: RenderFlags): Promise<void> {
  const text = await readFile(flags.in, 'utf8').catch((cause: unknown) => { throw new CliError(`--in: ${flags.in} cannot be read.`, cause); });
  const rows = parseRows(text, flags.in);
  warnOfUnknownFields(rows);
  const prompts = rows.map((row, index) => renderRow(row, index, flags.form));
  const tokenizer = flags.tokenizer === undefined ? undefined : await openTokenizer(flags.tokenizer);
  const result: RenderedRow[] = [];
  for (const prompt of prompts) result.push({ prompt: prompt.text, ...(tokenizer && { token_ids: await guardTokenIds(prompt, tokenizer) }) });
  await writeFile(flags.out, `${JSON.stringify(result)}\n`);
}

/** Ids of a prompt: control tokens come from the template alone, and there is one BOS. */
export async function guardTokenIds(prompt: Pick<GuardPrompt, 'parts'>, tokenizer: Tokenizer): Promise<number[]> {
  return tokenizer.withBos(await tokenizer.encodeParts(prompt.parts));
}

/** The prompt of one row of the input. Throws `CliError` that names row and field. */
export function renderRow(row: unknown, index: number, form: PromptForm = 'published'): GuardPrompt {
  const fail = (field: string, expected: string, cause?: unknown): never => { throw new CliError(`row ${index}: ${field}: ${expected}`, cause); };
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return fail('the row', 'expected an object.');
  const { messages, template, excluded, categories } = row as Record<string, unknown>;
  const version = typeof template === 'string' ? llamaGuardVersion(template) : undefined;
  if (!version) return fail('template', `expected one of ${LLAMA_GUARD_VERSIONS.join(', ')}.`);
  if (excluded !== undefined && excluded !== null && !(Array.isArray(excluded) && excluded.every((code) => typeof code === 'string'))) fail('excluded', 'expected an array of codes.');
  if (categories !== undefined && categories !== null && (typeof categories !== 'object' || Array.isArray(categories))) fail('categories', 'expected an object of texts by code, or null.');
  try {
    return llamaGuardPrompt(version, messages as GuardMessage[], { excluded: (excluded ?? []) as string[], categories: (categories ?? null) as Record<string, string> | null, form });
  } catch (error) {
    if (error instanceof Error && 'param' in error) return fail(String(error.param), error.message, error);
    throw error;
  }
}

/** A misspelt field changes nothing; it should not do so in silence. */
function warnOfUnknownFields(rows: readonly unknown[]): void {
  const unknown = new Set(rows.flatMap((row) => (typeof row === 'object' && row !== null ? Object.keys(row) : [])).filter((field) => !FIELDS.has(field)));
  if (unknown.size > 0) console.error(`sallyport: fields that mean nothing here: ${[...unknown].slice(0, 8).join(', ')} (known: ${[...FIELDS].join(', ')})`);
}

async function openTokenizer(path: string): Promise<Tokenizer> {
  const found = await stat(path).catch((cause: unknown) => { throw new CliError(`--tokenizer: ${path} cannot be read.`, cause); });
  if (found.isDirectory()) return (await loadFolderTokenizer(path)).tokenizer;
  if (!path.endsWith('.gguf')) throw new CliError(`--tokenizer: ${path} is neither a model folder nor a GGUF file.`);
  const file = await openGguf(path);
  try {
    return (await loadGgufTokenizer(file.metadata)).tokenizer;
  } finally {
    await file.close();
  }
}

function parseRows(text: string, file: string): unknown[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new CliError(`--in: ${file} is not valid JSON.`, cause);
  }
  if (!Array.isArray(rows)) throw new CliError(`--in: ${file} must hold an array of rows.`);
  return rows;
}
