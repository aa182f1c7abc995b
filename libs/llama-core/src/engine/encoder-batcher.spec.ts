import { describe, expect, it } from 'vitest';
import type { EncoderRow, EncoderRunner } from '../runtime/encoder-runner.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Classification } from './classifier.js';
import { EncoderBatcher } from './encoder-batcher.js';

/** A runner whose logit is the row's second id, and a tokenizer with one id per character. */
async function classify(texts: readonly string[]): Promise<{ results: Classification[]; runs: number[][] }> {
  const runs: number[][] = [];
  const embed = async (rows: readonly EncoderRow[]) => {
    runs.push(rows.map((row) => row.ids.length));
    return rows.map((row) => ({ logits: Float32Array.of(row.ids[1]! / 1_000), embedding: Float32Array.of(row.ids[1]!) }));
  };
  const runner = { embeds: true, embed, close: async () => undefined } as unknown as EncoderRunner;
  const tokenizer = { encodeText: async (text: string) => Array.from(text, (character) => character.codePointAt(0)!) } as unknown as Tokenizer;
  const parts = { runner, tokenizer, markers: { cls: 1, sep: 2 }, labels: ['harm'], multiLabel: true, maxTokens: 32, window: { tokens: 30, overlap: 2, context: 8 }, maxQueuedWindows: 100 };
  const results = await new Promise<Classification[]>((resolve, reject) => {
    const batcher = new EncoderBatcher(parts, { event: (_, event) => resolve(event), end: (_, error) => error && reject(error) });
    batcher.submit(1, { inputs: texts.map((text) => ({ text, embed: true })), lane: 'online' });
  });
  return { results, runs };
}

/** The lane of every run while batch work of 40 runs and then online work of `online` runs are asked for. */
async function lanesOfRuns(online: number): Promise<string> {
  const lanes: string[] = [];
  const forward = async (rows: readonly EncoderRow[]) => {
    lanes.push(rows[0]!.ids[1] === 'b'.charCodeAt(0) ? 'b' : 'o');
    return rows.map(() => Float32Array.of(0));
  };
  const runner = { embeds: false, forward, close: async () => undefined } as unknown as EncoderRunner;
  const tokenizer = { encodeText: async (text: string) => Array.from(text, (character) => character.codePointAt(0)!) } as unknown as Tokenizer;
  const parts = { runner, tokenizer, markers: { cls: 1, sep: 2 }, labels: ['harm'], multiLabel: true, maxTokens: 300, window: { tokens: 298, overlap: 2, context: 8 }, maxQueuedWindows: 1_000 };
  await new Promise<void>((resolve, reject) => {
    let left = 2;
    const batcher = new EncoderBatcher(parts, { event: () => --left === 0 && resolve(), end: (_, error) => error && reject(error) });
    batcher.submit(1, { inputs: Array.from({ length: 40 }, () => ({ text: 'b'.repeat(50) })), lane: 'batch' });
    batcher.submit(2, { inputs: Array.from({ length: online }, () => ({ text: 'o'.repeat(250) })), lane: 'online' });
  });
  return lanes.join('');
}

describe('EncoderBatcher', () => {
  const texts = Array.from({ length: 60 }, (_, at) => String.fromCodePoint(100 + at).repeat(at % 2 === 0 ? 3 : 28));

  it('runs texts of like length together', async () => {
    const { runs } = await classify(texts);
    const padded = runs.reduce((sum, lengths) => sum + lengths.length * Math.max(...lengths), 0);
    expect(padded).toBeLessThan(1.25 * runs.flat().reduce((sum, length) => sum + length, 0));
  });

  it('gives results in the order of the texts', async () => {
    const { results } = await classify(texts);
    expect(results.map(({ embeddings }) => embeddings?.[0]?.[0])).toEqual(texts.map((text) => text.codePointAt(0)));
  });

  it('keeps the order of the windows of one text, whose last is shorter', async () => {
    const long = 'a'.repeat(28) + 'b'.repeat(28) + 'c'.repeat(9);
    const { results } = await classify(['short', long]);
    expect(results.map(({ windows }) => windows)).toEqual([1, 3]);
    expect(String.fromCodePoint(...results[1]!.embeddings!.map(([first]) => first!))).toBe('abc');
  });

  it('runs online work before batch work that came first', async () => {
    expect(await lanesOfRuns(10)).toMatch(/^b{0,5}o{10}b{35,40}$/);
  });

  it('lets batch work go on beside online work that never ends', async () => {
    expect(await lanesOfRuns(90)).toMatch(/^b{0,5}o{19,20}bo{20}bo{20}bo{20}bo+b+$/);
  });
});
