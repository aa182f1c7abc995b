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
    batcher.submit(1, texts.map((text) => ({ text, embed: true })));
  });
  return { results, runs };
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
});
