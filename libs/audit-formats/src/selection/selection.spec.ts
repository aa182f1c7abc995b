import { describe, expect, it } from 'vitest';
import { all, readLines } from '../read-audit.fixture.js';
import { readStoredLine } from '../records/stored-line.js';
import { storedChunks } from './stored-chunks.js';

const log = (count: number, text = (at: number) => `t${at}`) => Array.from({ length: count }, (_, at) => JSON.stringify({ text: text(at), id: at })).join('\n');

describe('a sample', () => {
  it('of a share is about that large, the same for the same seed, and says how many it leaves out', async () => {
    const [one, again, other] = [await readLines(log(5_000), { sample: { share: 0.2, seed: 1 } }), await readLines(log(5_000), { sample: { share: 0.2, seed: 1 } }), await readLines(log(5_000), { sample: { share: 0.2, seed: 2 } })];
    expect(one).toEqual(again);
    expect(one.lines.length).toBeGreaterThan(850);
    expect(one.lines.length).toBeLessThan(1_150);
    expect(one.lines.length + one.skipped).toBe(5_000);
    expect(other.lines).not.toEqual(one.lines);
  });

  it('of a number is exactly that large, in order, and even over the file', async () => {
    const { lines, skipped } = await readLines(log(5_000), { sample: { count: 500, seed: 3 } });
    expect([lines.length, skipped]).toEqual([500, 4_500]);
    expect(lines.map(({ line }) => line)).toEqual(lines.map(({ line }) => line).sort((a, b) => a - b));
    expect(new Set(lines.map(({ line }) => line)).size).toBe(500);
    const firstHalf = lines.filter(({ line }) => line <= 2_500).length;
    expect(Math.abs(firstHalf - 250)).toBeLessThan(60);
  });

  it('that is larger than the file is the file', async () => {
    expect(await readLines(log(5), { sample: { count: 10 } })).toMatchObject({ skipped: 0, lines: [1, 2, 3, 4, 5].map((line) => ({ line })) });
  });
});

describe('chunks', () => {
  const chunked = async (bytes: string, dedupe: boolean, maxChars = 1e6) => all(storedChunks(lines((await readLines(bytes)).lines), { maxLines: 3, maxChars, dedupe }));
  async function* lines<T>(items: T[]): AsyncGenerator<T> {
    yield* items;
  }

  it('number the lines they store, and keep the line of the file', async () => {
    const chunks = await chunked('{"text":"a"}\n\n{"text":"b"}\nnull\n\n\n{"text":"c"}', false);
    expect(chunks.map(({ ordinal, firstLine }) => [ordinal, firstLine])).toEqual([[0, 1], [1, 4]]);
    expect(chunks.flatMap((chunk) => chunk.lines).map(readStoredLine)).toEqual([{ kind: 'content', json: '{"text":"a"}' }, { kind: 'content', line: 3, json: '{"text":"b"}' }, { kind: 'failure', line: 4, failure: expect.objectContaining({ code: 'invalid_request' }) }, { kind: 'content', line: 7, json: '{"text":"c"}' }]);
  });

  it('say which line has the same content, whatever its id', async () => {
    const stored = (await chunked(log(10_000, (at) => `t${at % 4_000}`), true)).flatMap((chunk) => chunk.lines).map(readStoredLine);
    expect(stored.map((line) => (line.kind === 'content' ? (line.duplicateOf?.line ?? 0) : -1))).toEqual(Array.from({ length: 10_000 }, (_, at) => (at < 4_000 ? 0 : (at % 4_000) + 1)));
  });

  it('take a direction for a part of the content', async () => {
    const stored = (await chunked('{"text":"a"}\n{"text":"a","direction":"response"}', true)).flatMap((chunk) => chunk.lines).map(readStoredLine);
    expect(stored.map((line) => 'duplicateOf' in line)).toEqual([false, false]);
  });

  it('are full when their text is long', async () => {
    expect((await chunked(log(4), false, 10)).map((chunk) => chunk.lines.length)).toEqual([1, 1, 1, 1]);
  });

  it('cannot be forged by what a file holds', async () => {
    const stored = (await chunked('@5 {"text":"a"}\n=1:1 {"text":"a"}\n!{"failure":{}}', false).catch((error: unknown) => error)) as unknown;
    expect(stored).toMatchObject({ code: 'invalid_request', param: 'fields' });
    const { lines: read } = await readLines('@5 {"text":"a"}\n=1:1 {"text":"a"}\n!{"failure":{}}', {}, { expected: 'jsonl' });
    expect(read.map((line) => 'failure' in line && line.failure.code)).toEqual(['invalid_json', 'invalid_json', 'invalid_json']);
  });
});
