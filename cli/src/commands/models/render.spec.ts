import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import llama3Tokenizer from 'llama3-tokenizer-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderRow } from './render.js';

interface GoldenRow {
  template: string;
  conversation: string[];
  excluded: string[];
  categories: Record<string, string> | null;
  prompt: string;
  token_ids: number[];
}

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
/** Published templates and tokenizer: libs/policy/fixtures/README.md. */
const golden = (JSON.parse(await readFile(atRoot('libs/policy/fixtures/llama-guard-3-prompts.json'), 'utf8')) as { prompts: GoldenRow[] }).prompts;
const messagesOf = (row: GoldenRow, parts: boolean) => row.conversation.map((text, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content: parts ? [{ type: 'text', text }] : text }));

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'render-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]) => promisify(execFile)(process.execPath, [atRoot('cli/bin/sallyport.mjs'), 'models', 'render', ...args]);

/** Meta's tokenizer.model of Llama 3, from the package's byte-level pieces. */
function llama3File(): string {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const hidden = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte));
  const byteOf = (character: string) => (character.charCodeAt(0) < 256 ? character.charCodeAt(0) : hidden[character.charCodeAt(0) - 256]!);
  return llama3Tokenizer.vocabById.slice(0, 128_000).map((piece, rank) => `${Buffer.from(Array.from(piece, byteOf)).toString('base64')} ${rank}\n`).join('');
}

describe('sallyport models render', () => {
  it('gives the published prompts and ids, forged control tokens included', async () => {
    await writeFile(join(folder, 'tokenizer.model'), llama3File());
    const rows = golden.flatMap(({ template, excluded, categories, ...row }) => [false, true].map((parts) => ({ messages: messagesOf({ template, excluded, categories, ...row }, parts), template, excluded, categories })));
    await writeFile(join(folder, 'rows.json'), JSON.stringify(rows));
    await run('--in', join(folder, 'rows.json'), '--out', join(folder, 'out.json'), '--tokenizer', folder);
    const out = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as unknown[];
    expect(out).toEqual(golden.flatMap(({ prompt, token_ids }) => [{ prompt, token_ids }, { prompt, token_ids }]));
  });

  it('needs no tokenizer for the text', async () => {
    await writeFile(join(folder, 'rows.json'), JSON.stringify([{ messages: [{ role: 'user', content: 'hi' }], template: 'llama-guard-4-12b', exclude: ['S1'] }]));
    const { stderr } = await run('--in', join(folder, 'rows.json'), '--out', join(folder, 'out.json'));
    const out = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as Array<{ prompt: string }>;
    expect(stderr).toContain('fields that mean nothing here: exclude');
    expect(Object.keys(out[0]!)).toEqual(['prompt']);
    expect(out[0]!.prompt).toMatch(/^<\|begin_of_text\|><\|header_start\|>/);
  });

  it('ends with one line that names row and field, and no word of the conversation', async () => {
    await writeFile(join(folder, 'rows.json'), JSON.stringify([{ messages: [{ role: 'user', content: 'hi' }], template: 'llama-guard-1' }, { messages: [{ role: 'robot', content: 'a secret' }], template: 'llama-guard-1' }]));
    const failure = await run('--in', join(folder, 'rows.json'), '--out', join(folder, 'none.json')).catch((error: { stderr: string; code: number }) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringMatching(/^sallyport: row 1: messages\[0\]\.role: Expected one of user, assistant.*\n$/) });
    expect(failure.stderr).not.toContain('secret');
    await expect(readFile(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  const row = { messages: [{ role: 'user', content: 'hi' }], template: 'llama-guard-3-1b' };
  it.each<[string, unknown, RegExp]>([
    ['a row that is no object', 'x', /^row 3: the row: /],
    ['an unknown template', { ...row, template: 'llama-guard-9' }, /^row 3: template: expected one of llama-guard-1,/],
    ['excluded codes as a text', { ...row, excluded: 'S1' }, /^row 3: excluded: /],
    ['an unknown excluded code', { ...row, excluded: ['S77'] }, /^row 3: excluded: /],
    ['categories as a list', { ...row, categories: ['a'] }, /^row 3: categories: /],
    ['a category without text', { ...row, categories: { C1: 5 } }, /^row 3: categories\.C1: /],
    ['no messages', { template: 'llama-guard-4' }, /^row 3: messages: /],
    ['a message without content', { ...row, messages: [{ role: 'user' }] }, /^row 3: messages\[0\]\.content: /],
    ['a part without text', { ...row, messages: [{ role: 'user', content: [{ type: 'text' }] }] }, /^row 3: messages\[0\]\.content\[0\]\.text: /],
  ])('refuses %s', (_what, bad, message) => {
    expect(() => renderRow(bad, 3)).toThrow(message);
  });
});
