import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FINDINGS, REMAINDER } from '../finding.js';
import { ORDINARY } from '../views/evasions.fixture.js';
import { scanHiddenCharacters } from './hidden-characters.js';

const kinds = (text: string): string[] => scanHiddenCharacters(text).map(({ kind }) => kind);

describe('hidden characters', () => {
  it.each([
    ['tag', 'hi\u{e0069}\u{e0067}'],
    ['tag', '🏴\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e007f}'],
    ['variation-selector', 'a\ufe01\ufe02'],
    ['variation-selector', '😊\u{e0150}'],
    ['variation-selector', 'i\ufe0eg'],
    ['bidi', 'abc\u202edef'],
    ['bidi', 'a\u200fb א'],
    ['zero-width', 'a\u200bb'],
    ['zero-width', 'a\u200db'],
    ['zero-width', 'a\ufeffb'],
    ['soft-hyphen', 'a\u00adb'],
    ['filler', 'a\u3164b'],
    ['filler', 'a\u2800b'],
    ['format', 'a\u034fb'],
    ['format', 'a\u2063b'],
    ['control', 'a\u0000b'],
    ['control', 'a\u001bb'],
  ])('%s is found in %j', (kind, text) => expect(kinds(text)).toEqual([kind]));

  it.each(ORDINARY)('nothing in: %s', (text) => expect(kinds(text)).toEqual([]));

  it('a run is one finding with its offsets, and a long one is certain', () => {
    expect(scanHiddenCharacters('ab\u200b\u200b\u200bcd')).toEqual([{ scanner: 'hidden-characters', kind: 'zero-width', start: 2, end: 5, score: 0.7 }]);
    expect(scanHiddenCharacters(`ab${'\u200b'.repeat(8)}`)[0]?.score).toBe(1);
  });

  it('past the limit one finding covers the rest', () => {
    const found = scanHiddenCharacters('a\u200b'.repeat(MAX_FINDINGS + 5));
    expect(found).toHaveLength(MAX_FINDINGS);
    expect(found.at(-1)).toMatchObject({ kind: REMAINDER, end: 2 * (MAX_FINDINGS + 5) });
  });

  it('spans hold hidden characters only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { start, end } of scanHiddenCharacters(text)) expect(text.slice(start, end)).toMatch(/^[\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb]+$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
