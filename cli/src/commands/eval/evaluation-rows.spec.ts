import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSet, setFiles } from './evaluation-rows.js';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'sallyport-eval-')); });
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, rows: unknown[]): Promise<string> {
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
  await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  return join(folder, name);
}

describe('a set', () => {
  it('is read plain and in gzip, with the label that its task names', async () => {
    const rows = [{ text: 'a mail', label: 1, role: 'document', task: 'injection', categories: ['email'] }, { text: 'a question', label: 0 }];
    const plain = await readSet(await file('plain.jsonl', rows));
    expect(plain).toMatchObject({ name: 'plain', target: 'attack', rows: [{ line: 1, label: 1, request: { text: 'a mail', direction: 'document' }, categories: ['email'] }, { line: 2, request: { direction: 'prompt' } }] });
    expect((await readSet(await file('packed.jsonl.gz', rows))).rows).toEqual(plain.rows);
  });

  it('judges the answer of a conversation that ends in one', async () => {
    const turns = [{ role: 'user', content: 'q' }, { role: 'assistant', content: 'a' }];
    const { rows } = await readSet(await file('turns.jsonl', [{ messages: turns, label: 1 }, { messages: turns.slice(0, 1), label: 0 }]));
    expect(rows.map(({ answer, direction }) => [answer, direction])).toEqual([[true, 'response'], [false, 'prompt']]);
  });

  it('is what an audit gives of its labels', async () => {
    const rows = [{ text: 'I will kill number 0', label: 1, task: 'content', s: ['S1'], categories: ['S1'], line: 1, id: 'm1' }, { text: 'hello 1', label: 0, task: 'content', line: 2, id: 'm2' }];
    expect(await readSet(await file('audit.jsonl', rows))).toMatchObject({ target: 'harm', rows: [{ label: 1, hazards: ['S1'], categories: ['S1'] }, { label: 0, hazards: [] }] });
  });

  it('stops at the limit and skips empty lines', async () => {
    const { rows } = await readSet(await file('many.jsonl', [{ text: 'a', label: 0 }, '', { text: 'b', label: 1 }, { text: 'c', label: 1 }]), undefined, 2);
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
  });

  it('of a folder is every JSONL file in it, by name', async () => {
    expect((await setFiles([folder])).map((path) => path.slice(folder.length + 1))).toEqual(['audit.jsonl', 'many.jsonl', 'packed.jsonl.gz', 'plain.jsonl', 'turns.jsonl']);
  });
});

describe('a mistake is said with line and field, not with the text', () => {
  it.each([
    [{ text: 'secret', label: 2 }, 'line 2: "label" must be 0 or 1'],
    [{ label: 1 }, 'line 2: "text" must be a string'],
    [{ text: 'secret', label: 1, role: 'letter' }, 'line 2: "role" must be one of prompt, post'],
    [{ text: 'secret', label: 1, s: 'S1' }, 'line 2: "s" must be a list of strings'],
    [{ messages: [], label: 1 }, 'line 2: "messages" must be a list that is not empty'],
    ['{"secret', 'line 2 is not valid JSON'],
    ['[]', 'line 2: expected a JSON object'],
  ])('%j', async (row, message) => {
    const failure = await readSet(await file('bad.jsonl', [{ text: 'fine', label: 0 }, row])).catch((error: Error) => error.message);
    expect(failure).toContain(message);
    expect(failure).not.toContain('secret');
  });

  it('an archive that is none', async () => {
    await writeFile(join(folder, 'none.jsonl.gz'), 'not gzip');
    await expect(readSet(join(folder, 'none.jsonl.gz'))).rejects.toThrow('is it a JSONL file in gzip?');
  });

  it('a path that is not there', async () => {
    await expect(setFiles([join(folder, 'nowhere')])).rejects.toThrow('cannot be read');
  });
});
