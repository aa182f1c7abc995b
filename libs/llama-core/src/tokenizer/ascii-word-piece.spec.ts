import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsciiWordPiece } from './ascii-word-piece.js';
import { buildNative } from './plain-encoder.js';
import { parseTokenizerJson, plainTokenizerJson, type TokenizerJson } from './tokenizer-json.js';

const file = new URL('../../../../models/guard/tokenizer.json', import.meta.url);
const json = plainTokenizerJson(parseTokenizerJson(await readFile(file, 'utf8'), 'tokenizer.json'), false);
const cased: TokenizerJson = { ...json, normalizer: { ...json.normalizer!, lowercase: false } };
const pieces = Object.keys(json.model.vocab).map((piece) => piece.replace(/^##/, ''));

describe.each([['uncased', json], ['cased', cased]])('ASCII texts, %s', (_name, definition) => {
  const [own, library] = [AsciiWordPiece.of(definition)!, buildNative(definition)];
  const expectLibrarys = async (text: string) => {
    expect(own.encode(text), JSON.stringify(text)).toEqual((await library.encode(text, null, { addSpecialTokens: false })).getIds());
  };

  it.each(['', ' ', '\t a\r\n b', '[CLS] [UNK] ##s ## #', 'a'.repeat(100), 'a'.repeat(101), 'can\'t 3.5 x_y `~^|', 'QZXJQ'.repeat(19), 'DON\'T_stop-2024'])('gives the library\'s ids of %j', expectLibrarys);

  it('gives the library\'s ids of any printable text', async () => {
    const letters = fc.string({ unit: fc.constantFrom(...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), '\t', '\n', '\r'), maxLength: 200 });
    await fc.assert(fc.asyncProperty(letters, expectLibrarys), { numRuns: 500 });
  });

  it('gives the library\'s ids of words put together from its vocabulary', async () => {
    const word = fc.array(fc.constantFrom(...pieces.filter((piece) => /^[!-~]+$/.test(piece))), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const text = fc.array(fc.tuple(word, fc.constantFrom(' ', ', ', '\n', '-', '')), { maxLength: 30 }).map((parts) => parts.flat().join(''));
    await fc.assert(fc.asyncProperty(text, expectLibrarys), { numRuns: 500 });
  });
});

describe('what is the library\'s', () => {
  it.each(['é', 'a\u00a0b', 'a\u0000b', 'a\u007fb', 'a\u000bb', '漢字', 'ı', '\u2028', '\ud800', 'a'.repeat(2_001)])('%j', (text) => {
    expect(AsciiWordPiece.of(json)!.encode(text)).toBeUndefined();
  });

  it.each<[string, Partial<TokenizerJson>]>([
    ['another normalizer', { normalizer: { type: 'Lowercase' } }],
    ['none', { normalizer: null }],
    ['another pre-tokenizer', { pre_tokenizer: { type: 'Whitespace' } }],
    ['another model', { model: { ...json.model, type: 'BPE' } }],
    ['an unknown token that the vocabulary lacks', { model: { ...json.model, unk_token: '?unknown?' } }],
  ])('a tokenizer with %s', (_what, change) => {
    expect(AsciiWordPiece.of({ ...json, ...change })).toBeUndefined();
  });
});
