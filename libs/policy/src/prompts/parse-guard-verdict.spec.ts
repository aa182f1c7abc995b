import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultCategories } from './llama-guard-version.js';
import { canonicalIds, type GuardVerdict, parseGuardVerdict } from './parse-guard-verdict.js';

const ACTIVE = [...defaultCategories('llama-guard-3-8b').keys()];
const unsafe = (codes: string[], unknown: string[] = []): GuardVerdict => ({ verdict: 'unsafe', codes, unknown });

describe('parseGuardVerdict', () => {
  it.each<[string, GuardVerdict]>([
    ['safe', { verdict: 'safe' }],
    ['\n\nsafe', { verdict: 'safe' }],
    [' Safe \n<|eot_id|>', { verdict: 'safe' }],
    ['unsafe\nS1,S2', unsafe(['S1', 'S2'])],
    ['\n\nunsafe\nS9<|eot|>', unsafe(['S9'])],
    ['UNSAFE\r\n s10 ;  S1 | s10', unsafe(['S10', 'S1'])],
    ['unsafe: S3', unsafe(['S3'])],
    ['unsafe', unsafe([])],
    ['unsafe\n', unsafe([])],
    ['unsafe</s>', unsafe([])],
    ['unsafe\nS1\nExplanation: S2 is not meant', unsafe(['S1'])],
    ['unsafe\nS99, O3, S1', unsafe(['S1'], ['S99', 'O3'])],
    ['unsafe\nmy name is Bob', unsafe([])],
    ['', { verdict: 'indeterminate', reason: 'empty' }],
    [' \n<|eot_id|>', { verdict: 'indeterminate', reason: 'empty' }],
    ['safe\nS1', { verdict: 'indeterminate', reason: 'safe_with_more' }],
    ['safe unsafe', { verdict: 'indeterminate', reason: 'safe_with_more' }],
    ['unsafely said', { verdict: 'indeterminate', reason: 'no_verdict' }],
    ['safety first', { verdict: 'indeterminate', reason: 'no_verdict' }],
    ['I cannot judge this', { verdict: 'indeterminate', reason: 'no_verdict' }],
    ['not unsafe', { verdict: 'indeterminate', reason: 'no_verdict' }],
  ])('reads %j', (answer, verdict) => {
    expect(parseGuardVerdict(answer, ACTIVE)).toEqual(verdict);
  });

  it('reads back any set of codes in any dress', () => {
    const dress = fc.record({ before: fc.constantFrom('', ' ', '\n\n'), between: fc.constantFrom(',', ', ', ' ', ' ; ', '|'), after: fc.constantFrom('', '\n', '<|eot_id|>', ' <|eot|>\n'), upper: fc.boolean() });
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...ACTIVE)), dress, (codes, { before, between, after, upper }) => {
        const text = `unsafe\n${codes.join(between)}`;
        expect(parseGuardVerdict(`${before}${upper ? text.toUpperCase() : text.toLowerCase()}${after}`, ACTIVE)).toEqual(unsafe(codes));
      }),
    );
  });

  it('says safe for nothing but the one word', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string().map((text) => `safe${text}`), fc.string().map((text) => `${text}safe`)), (text) => {
        const word = text.replace(/(?:\s|<\|eot_id\|>|<\/s>)+$/g, '').trim().toLowerCase();
        const result = parseGuardVerdict(text, ACTIVE);
        if (result.verdict === 'safe') expect(word).toBe('safe');
        if (result.verdict === 'unsafe') expect(word.startsWith('unsafe')).toBe(true);
        if (word === 'safe') expect(result.verdict).toBe('safe');
      }),
    );
  });

  it('takes long answers in its stride', () => {
    expect(parseGuardVerdict(' \n'.repeat(2_000_000), ACTIVE)).toEqual({ verdict: 'indeterminate', reason: 'empty' });
    expect(parseGuardVerdict(`unsafe\n${'S1,'.repeat(1_000_000)}`, ACTIVE)).toEqual(unsafe(['S1']));
  });

  it('names what a code means in its own version', () => {
    expect(canonicalIds('llama-guard-2', ['S5'])).toEqual(['specialized-advice']);
    expect(canonicalIds('llama-guard-3-1b', ['S5', 'C1'])).toEqual(['defamation']);
  });
});
