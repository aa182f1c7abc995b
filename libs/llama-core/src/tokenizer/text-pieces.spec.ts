import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CutRule, cutRule, textPieces } from './text-pieces.js';
import type { TokenizerJson } from './tokenizer-json.js';

/** Oniguruma gives up after 10 million steps within one match, and takes the process with it; a match stays within a piece. */
const LONGEST = 265_536;
const bare: TokenizerJson = { truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, model: { type: 'BPE', vocab: { a: 0, '\u2581a': 1 } } };
const rules: Array<[string, CutRule]> = [
  ['byte-level', cutRule({ ...bare, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true } }, [])],
  ['SentencePiece', cutRule({ ...bare, normalizer: { type: 'Prepend', prepend: '\u2581' } }, [])],
  ['an unknown split', cutRule({ ...bare, pre_tokenizer: { type: 'Split', pattern: { Regex: '.+' } } }, [])],
];

describe('textPieces', () => {
  it('knows where it may cut', () => {
    expect(rules.map(([, rule]) => [rule.boundary !== undefined, rule.addsPrefix])).toEqual([[true, false], [true, true], [false, false]]);
    expect(cutRule({ ...bare, model: { type: 'BPE', vocab: { 'a\u2581b': 0 } } }, []).boundary).toBeUndefined();
  });

  it.each(rules)('stay short on any text, and are the text (%s)', (_name, rule) => {
    for (const unit of [' ', 'A', '\u{1F642}', 'a word ', 'ab\n', '字', '<|eot_id|>']) {
      const text = unit.repeat(Math.ceil(1_500_001 / unit.length));
      const pieces = [...textPieces(text, rule)];
      expect(Math.max(...pieces.map((piece) => piece.text.length))).toBeLessThanOrEqual(LONGEST + 1);
      const back = pieces.map((piece, i) => (i > 0 && piece.prefixed && rule.addsPrefix ? ' ' : '') + piece.text).join('');
      expect(back === text).toBe(true);
      expect(pieces.every((piece) => !/^[\udc00-\udfff]/.test(piece.text))).toBe(true);
    }
  });

  it.each(rules)('are one piece for an ordinary text (%s)', (_name, rule) => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => { expect([...textPieces(text, rule)]).toEqual([{ text, prefixed: true }]); }));
  });
});
