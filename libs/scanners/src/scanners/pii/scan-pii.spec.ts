import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FINDINGS, REMAINDER } from '../../finding.js';
import { PHONE_CHECKS } from './phones.js';
import { redact } from './redact.js';
import { PII_KINDS, scanPii } from './scan-pii.js';

const clean = (text: string, country?: string): string => redact(text, scanPii(text, country ? { country } : {}));

describe('personal data', () => {
  it.each([
    ['Write to john.doe+x@example.co.uk, please.', 'Write to [EMAIL], please.'],
    ['"a_b@x.org"; <c@y.net>.', '"[EMAIL]"; <[EMAIL]>.'],
    ['Card 4111 1111 1111 1111, exp 12/27', 'Card [CARD], exp 12/27'],
    ['5500-0055-5555-5559 or 378282246310005 or 3782 822463 10005', '[CARD] or [CARD] or [CARD]'],
    ['order 12345 6011111111111117!', 'order 12345 [CARD]!'],
    ['IBAN DE89 3704 0044 0532 0130 00 and then', 'IBAN [IBAN] and then'],
    ['GB82WEST12345698765432, nl91abna0417164300', '[IBAN], [IBAN]'],
    ['my ssn is 123-45-6789', 'my ssn is [SSN]'],
    ['social security number: 123456789.', 'social security number: [SSN].'],
    ['123-45-6789 123-45-6780', '[SSN] [SSN]'],
    ['Call +49 30 901820 or +1-202-456-1111', 'Call [PHONE] or [PHONE]'],
    ['Lifeline 1-800-273-8255.', 'Lifeline [PHONE].'],
    ['(415) 555-2671, 415-555-2672 415.555.2673', '[PHONE], [PHONE] [PHONE]'],
  ])('%s', (text, expected) => expect(clean(text)).toBe(expected));

  it.each([
    'Card 4111 1111 1111 1112 fails its check digit.',
    'DE89 3704 0044 0532 0130 01 does too.',
    'Numbers 000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567 and 123-45-0000 were never given out.',
    'On 2024-01-15 12:30 host 192.168.1.100 ran v1.2.3.4 of build 4155552671.',
    'Not an address: @user, user@, a@b, @@.',
    'pi is 3.14159265358979323846, id x4111111111111111 and 41111111111111111111',
    'table 1 6 7 4 6 6 7 5 6 0 0 7 and 57 472 485 57 14 11; 86.57.254.215, 180.48 (290.454)',
    'sha 9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a',
  ])('nothing in: %s', (text) => expect(scanPii(text)).toEqual([]));

  it('reads national phone numbers of the country it is told', () => {
    expect(clean('Ruf 030 901820 an', 'DE')).toBe('Ruf [PHONE] an');
    expect(clean('Ruf 030 901820 an')).toBe('Ruf 030 901820 an');
    for (const country of ['Germany', 'de', 'XX']) expect(() => scanPii('x', { country })).toThrowError(expect.objectContaining({ code: 'invalid_options' }));
  });

  it('looks only for the kinds it is asked for', () => {
    const text = 'a@example.com, 4111111111111111';
    expect(scanPii(text, { kinds: ['email'] }).map(({ kind }) => kind)).toEqual(['email']);
    expect(scanPii(text, { kinds: [] })).toEqual([]);
  });

  it('finds every card that has the Luhn digit, and no other', () => {
    const luhn = (digits: string) => Array.from(digits).reverse().reduce((sum, digit, at) => sum + (at % 2 === 1 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(digit)]! : Number(digit)), 0) % 10 === 0;
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{15}$/), (tail) => {
        const card = `4${tail}`;
        expect(scanPii(`pay ${card} now`, { kinds: ['payment-card'] })).toHaveLength(luhn(card) ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no e-mail address behind, and says nothing of lengths', () => {
    const address = fc.tuple(fc.stringMatching(/^[a-z0-9]{1,20}$/), fc.stringMatching(/^[a-z]{1,20}$/), fc.constantFrom('com', 'org', 'io')).map(([local, host, top]) => `${local}@${host}.${top}`);
    fc.assert(fc.property(fc.array(address, { minLength: 1, maxLength: 5 }), (addresses) => void expect(clean(addresses.join(', '))).toBe(addresses.map(() => '[EMAIL]').join(', '))));
  });

  it('findings are in order, inside the text and apart', () => {
    const piece = fc.constantFrom('a@example.com', '4111 1111 1111 1111', 'DE89370400440532013000', '123-45-6789', '+1 202 456 1111', ' ', ' and ', '7', '-', '@', '+', '(', 'x');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let at = 0;
        for (const { start, end } of scanPii(text)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('more findings than the limit end in one remainder that covers the others', () => {
    const text = 'a@b.cc '.repeat(MAX_FINDINGS + 500);
    const found = scanPii(text);
    expect(found).toHaveLength(MAX_FINDINGS);
    expect(found.at(-1)).toMatchObject({ kind: REMAINDER, end: text.length - 1 });
    expect(redact(text, found)).toMatch(/^(?:\[EMAIL\] ){9999}\[REDACTED\] $/);
  });

  it('what is too much to check becomes one remainder, never a pass', () => {
    const text = '(12 34'.repeat(PHONE_CHECKS);
    expect(scanPii(text)).toEqual([expect.objectContaining({ kind: REMAINDER, end: text.length })]);
  });

  it.each(['DE89 ', '4 1 ', '+12 ', '4111 ', '+1 415 ', '(1', '1', '@', 'a@', '+', 'ssn '])('hostile text is read in bounded time: %j', (seed) => {
    expect(scanPii(seed.repeat(Math.ceil(100_000 / seed.length))).length).toBeLessThanOrEqual(PII_KINDS.length * (MAX_FINDINGS + 1));
  });
});

describe('redact', () => {
  const finding = (kind: string, start: number, end: number) => ({ scanner: 'pii' as const, kind, start, end, score: 1 });

  it('makes one label of what overlaps', () => {
    expect(redact('abcdef', [finding('email', 1, 3), finding('email', 2, 5)])).toBe('a[EMAIL]f');
    expect(redact('abcdef', [finding('phone', 1, 3), finding('remainder', 2, 6)])).toBe('a[REDACTED]');
    expect(redact('abcdef', [finding('iban', 4, 5), finding('us-ssn', 0, 1)])).toBe('[SSN]bcd[IBAN]f');
  });
});
