import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { ggufTokenizerJson } from './gguf-tokenizer-json.js';
import { sentencePieceTokenizerJson } from './sentencepiece-file.js';
import { isTiktokenFile, tiktokenTokenizerJson } from './tiktoken-file.js';
import { type SpecialTokenNames, Tokenizer } from './tokenizer.js';
import { type AddedToken, parseTokenizerJson, type TokenizerJson, withAddedTokens } from './tokenizer-json.js';

/** Far above any vocabulary; a table is made up to the highest id. */
const MAX_TOKEN_ID = 4_000_000;

/** A checkpoint's tokenizer and, where it has one, the source of its chat template. */
export interface LoadedTokenizer {
  tokenizer: Tokenizer;
  template?: string;
}

/** From a model folder: tokenizer.json or tokenizer.model, with tokenizer_config.json and chat_template.jinja. @throws LlamaCoreError `tokenizer_invalid`. */
export async function loadFolderTokenizer(folder: string): Promise<LoadedTokenizer> {
  const config = await readConfig(folder);
  const { json, names } = await readDefinition(folder, config);
  const tokenizer = await Tokenizer.create(json, { ...names, ...specialNames(config) });
  const template = (await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => undefined)) ?? templateOf(config['chat_template']);
  return template === undefined ? { tokenizer } : { tokenizer, template };
}

/** tokenizer.json wins: it is what the checkpoint's fine-tuners last wrote. */
async function readDefinition(folder: string, config: Record<string, unknown>): Promise<{ json: TokenizerJson; names: SpecialTokenNames }> {
  const text = await readFile(join(folder, 'tokenizer.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) return { json: parseTokenizerJson(text, 'tokenizer.json'), names: {} };
  const bytes = await readFile(join(folder, 'tokenizer.model')).catch((cause) => {
    throw new LlamaCoreError('tokenizer_invalid', 'The model folder has neither tokenizer.json nor tokenizer.model.', { param: 'tokenizer.json', cause });
  });
  const { json, names } = isTiktokenFile(bytes) ? tiktokenTokenizerJson(bytes.toString('latin1')) : sentencePieceTokenizerJson(bytes);
  return { json: withAddedTokens(json, [...(await readAddedTokens(folder)), ...addedTokensOf(config)]), names };
}

/** What fine-tuners added beside a tokenizer.model: added_tokens.json is spelling to id. */
async function readAddedTokens(folder: string): Promise<AddedToken[]> {
  const added = await readJson(folder, 'added_tokens.json');
  return Object.entries(added).map(([content, id]) => addedToken(Number(id), { content, special: true }, 'added_tokens.json'));
}

const addedTokensOf = (config: Record<string, unknown>): AddedToken[] =>
  Object.entries((config['added_tokens_decoder'] ?? {}) as Record<string, Partial<AddedToken>>).map(([id, token]) => addedToken(Number(id), token, 'tokenizer_config.json'));

function addedToken(id: number, token: Partial<AddedToken>, file: string): AddedToken {
  if (!Number.isSafeInteger(id) || id < 0 || id > MAX_TOKEN_ID || typeof token?.content !== 'string' || token.content === '') throw new LlamaCoreError('tokenizer_invalid', `Expected every added token of ${file} to have a spelling and an id from 0 to ${MAX_TOKEN_ID}.`, { param: file });
  return { lstrip: false, rstrip: false, single_word: false, normalized: false, special: false, ...token, id, content: token.content };
}

/** From the metadata of a GGUF file. @throws LlamaCoreError `tokenizer_invalid`. */
export async function loadGgufTokenizer(metadata: ReadonlyMap<string, unknown>): Promise<LoadedTokenizer> {
  const { json, names } = ggufTokenizerJson(metadata);
  const tokenizer = await Tokenizer.create(json, names);
  const template = metadata.get('tokenizer.chat_template');
  return typeof template === 'string' ? { tokenizer, template } : { tokenizer };
}

const readConfig = (folder: string) => readJson(folder, 'tokenizer_config.json');

/** A JSON object from a file that may be absent. */
async function readJson(folder: string, file: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '{}');
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new LlamaCoreError('tokenizer_invalid', `${file} is not JSON.`, { param: file, cause });
  }
}

/** A token is written as its text or as an object with `content`. */
function specialNames(config: Record<string, unknown>): SpecialTokenNames {
  const text = (value: unknown) => (typeof value === 'string' ? value : typeof (value as { content?: unknown })?.content === 'string' ? (value as { content: string }).content : undefined);
  const names = { bosToken: text(config['bos_token']), eosToken: text(config['eos_token']), padToken: text(config['pad_token']), unkToken: text(config['unk_token']) };
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
}

/** One template, or several by name, of which `default` is for chat. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = value as Array<{ name?: string; template?: string }>;
  return (named.find((item) => item.name === 'default') ?? named[0])?.template;
}
