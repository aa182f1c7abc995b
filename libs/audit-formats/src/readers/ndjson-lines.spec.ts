import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndjsonLines, type UploadLine } from './ndjson-lines.js';

async function split(chunks: Buffer[], maxLineBytes = 1_000): Promise<UploadLine[]> {
  const lines: UploadLine[] = [];
  for await (const line of ndjsonLines((async function* () { yield* chunks; })(), maxLineBytes)) lines.push(line);
  return lines;
}

describe('ndjsonLines', () => {
  it('gives the same lines wherever the bytes are cut', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '')), { maxLength: 20 }), fc.array(fc.nat(40)), async (texts, cuts) => {
      const bytes = Buffer.from(texts.join('\n'));
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const expected = texts.flatMap((text, index) => (/^[ \t]*$/.test(text) ? [] : [{ line: index + 1, text }]));
      const lines = (await split(chunks)).map(({ line, bytes: found }) => ({ line, text: String(found) }));
      expect(lines).toEqual(expected.map(({ line, text }) => ({ line, text: Buffer.from(text).toString() })));
    }));
  });

  it('takes both line ends and a last line without one', async () => {
    expect((await split([Buffer.from('a\r\n\r\nb\nc')])).map(({ line, bytes }) => [line, String(bytes)])).toEqual([[1, 'a'], [3, 'b'], [4, 'c']]);
  });

  it('reports a line that is too long without keeping it, and goes on with the next', async () => {
    expect(await split([Buffer.from('x'.repeat(6)), Buffer.from('x'.repeat(6)), Buffer.from('\nok')], 10)).toEqual([{ line: 1, bytes: undefined }, { line: 2, bytes: Buffer.from('ok') }]);
  });
});
