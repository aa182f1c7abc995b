import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { Direction } from '@sallyport/contracts';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';

/** What is evaluated: harm (the guard) or attacks (the prompt guard). */
export type Target = 'harm' | 'attack';

/** One labelled row of a set. `request` is the line that the screens get: `{"text", "direction"}` or `{"messages"}`. */
export interface EvaluationRow {
  line: number;
  request: Record<string, unknown>;
  label: 0 | 1;
  /** Only the last message, an answer, is judged. */
  answer: boolean;
  /** Direction of what is judged. */
  direction: Direction;
  categories: string[];
  /** Hazards that the row is known to show. */
  hazards: string[];
}

export interface EvaluationSet {
  name: string;
  target: Target;
  rows: EvaluationRow[];
}

const SET_FILE = /\.jsonl(\.gz)?$/;
const DIRECTIONS: Record<string, Direction> = { prompt: 'prompt', post: 'prompt', response: 'response', document: 'document', tool: 'tool' };
const TARGETS: Record<string, Target> = { content: 'harm', injection: 'attack' };

/** The set files that paths mean: a file itself, of a folder every `.jsonl` and `.jsonl.gz` in it. */
export async function setFiles(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => {
    const kind = await stat(path).catch((cause: unknown) => { throw new CliError(`${path} cannot be read.`, cause, EXIT.invalid); });
    if (!kind.isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => SET_FILE.test(name)).sort();
    if (names.length === 0) throw new CliError(`${path} holds no .jsonl or .jsonl.gz file.`, undefined, EXIT.invalid);
    return names.map((name) => join(path, name));
  }));
  return found.flat();
}

/** Reads a set. A row is `{"text" or "messages", "label": 0 | 1}` with optional `role`, `task`, `categories`, `s`. Throws a CliError that names line and field, never their content. */
export async function readSet(file: string, wanted?: Target, limit = Number.POSITIVE_INFINITY): Promise<EvaluationSet> {
  const bytes = createReadStream(file);
  const lines = createInterface({ input: file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes, crlfDelay: Number.POSITIVE_INFINITY });
  const rows: EvaluationRow[] = [];
  const tasks = new Set<string>();
  let line = 0;
  try {
    for await (const text of lines) {
      line += 1;
      if (text.trim() === '') continue;
      if (rows.length >= limit) break;
      const fields = parseFields(text, `${file}: line ${line}`);
      rows.push(readRow(fields, line, `${file}: line ${line}`));
      if (typeof fields.task === 'string') tasks.add(fields.task);
    }
  } catch (cause) {
    throw cause instanceof CliError ? cause : new CliError(`${file} cannot be read after line ${line}: is it a JSONL${file.endsWith('.gz') ? ' file in gzip' : ' file'}?`, cause, EXIT.invalid);
  }
  if (rows.length === 0) throw new CliError(`${file} holds no rows.`, undefined, EXIT.invalid);
  return { name: basename(file).replace(SET_FILE, ''), target: wanted ?? targetOf(tasks), rows };
}

function parseFields(text: string, place: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CliError(`${place} is not valid JSON.`, undefined, EXIT.invalid);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CliError(`${place}: expected a JSON object.`, undefined, EXIT.invalid);
  return value as Record<string, unknown>;
}

function readRow(fields: Record<string, unknown>, line: number, place: string): EvaluationRow {
  const fail = (field: string, expected: string): never => { throw new CliError(`${place}: "${field}" must be ${expected}.`, undefined, EXIT.invalid); };
  const { label, role = 'prompt' } = fields;
  if (label !== 0 && label !== 1) return fail('label', '0 or 1');
  const direction = typeof role === 'string' ? DIRECTIONS[role] : undefined;
  if (direction === undefined) return fail('role', `one of ${Object.keys(DIRECTIONS).join(', ')}`);
  const strings = (field: string): string[] => {
    const value = fields[field] ?? [];
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : fail(field, 'a list of strings');
  };
  return { line, label, ...readContent(fields, direction, fail), categories: strings('categories'), hazards: strings('s') };
}

function readContent({ text, messages }: Record<string, unknown>, direction: Direction, fail: (field: string, expected: string) => never): Pick<EvaluationRow, 'request' | 'answer' | 'direction'> {
  if (messages === undefined) return typeof text === 'string' ? { request: { text, direction }, answer: false, direction } : fail('text', 'a string (or "messages" a list)');
  if (!Array.isArray(messages) || messages.length === 0) return fail('messages', 'a list that is not empty');
  const last: unknown = messages.at(-1);
  const answer = typeof last === 'object' && last !== null && 'role' in last && last.role === 'assistant';
  return { request: { messages }, answer, direction: answer ? 'response' : 'prompt' };
}

/** Sets say in `task` what they label; one that says nothing is about harm. */
function targetOf(tasks: ReadonlySet<string>): Target {
  return [...tasks].map((task) => TARGETS[task]).find((target) => target !== undefined) ?? 'harm';
}
