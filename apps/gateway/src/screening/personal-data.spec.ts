import { PII_KINDS, type PolicyDocument } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';
import { PII_KINDS as SCANNED_KINDS } from '@sallyport/scanners';
import { describe, expect, it } from 'vitest';
import { personalDataHits, redactedMessages, actsOnPersonalData, withoutPersonalData } from './personal-data.js';

const document: PolicyDocument = {
  ...DEFAULT_POLICY,
  pii: { email: { enabled: true, action: 'redact', directions: { response: { action: 'block' }, tool: { enabled: false } } }, phone: { enabled: true, action: 'review' }, iban: { enabled: false, action: 'block' } },
};
const TEXT = 'Write to ana@example.org or call +1 415 555 2671; the account is DE89 3704 0044 0532 0130 00.';

describe('personal data', () => {
  it('has rules for exactly the kinds that are looked for', () => {
    expect([...PII_KINDS].sort()).toEqual([...SCANNED_KINDS].sort());
  });

  it('is a hit by the rule of its direction', () => {
    const at = (direction: 'prompt' | 'response' | 'tool', redacts: boolean) => personalDataHits({ id: 'x', direction, text: TEXT }, document, redacts).map(({ rule, action, redacted }) => [rule, action, redacted]);
    expect(at('prompt', true)).toEqual([['pii.email', 'redact', true], ['pii.phone', 'review', undefined]]);
    expect(at('prompt', false)).toEqual([['pii.email', 'redact', undefined], ['pii.phone', 'review', undefined]]);
    expect(at('response', true)).toEqual([['pii.email', 'block', undefined], ['pii.phone', 'review', undefined]]);
    expect(at('tool', true)).toEqual([['pii.phone', 'review', undefined]]);
  });

  it('leaves the text where the rule says redact, and only there', () => {
    expect(withoutPersonalData(TEXT, 'prompt', document)).toBe(TEXT.replace('ana@example.org', '[EMAIL]'));
    expect(withoutPersonalData(TEXT, 'tool', document)).toBe(TEXT);
    expect(withoutPersonalData(TEXT, 'prompt', DEFAULT_POLICY)).toBe(TEXT);
  });

  it('counts what could not be looked through as every kind', () => {
    const flood = Array.from({ length: 20_000 }, (_, at) => `a${at}@b.de`).join(' ');
    const hits = personalDataHits({ id: 'x', direction: 'prompt', text: flood }, { ...document, pii: { email: { enabled: true, action: 'redact' }, 'us-ssn': { enabled: true, action: 'block' } } }, true);
    expect(hits.map(({ rule }) => rule).sort()).toEqual(['pii.email', 'pii.us-ssn']);
    expect(withoutPersonalData(flood, 'prompt', document)).not.toContain('@');
  });

  it('leaves every turn of a conversation but the operator\'s own words', () => {
    const said = (role: 'system' | 'user' | 'assistant') => ({ role, content: `I am ${role}@example.org` });
    const contents = redactedMessages([said('system'), said('user'), said('assistant'), said('user')], { ...document, scope: 'latest', pii: { email: { enabled: true, action: 'redact' } } }).map(({ content }) => content);
    expect(contents).toEqual(['I am system@example.org', 'I am [EMAIL]', 'I am [EMAIL]', 'I am [EMAIL]']);
  });

  it.each([['redact', true], ['block', true], ['review', false]] as const)('%s keeps personal data from leaving in an answer: %s', (action, whole) => {
    expect(actsOnPersonalData({ ...DEFAULT_POLICY, pii: { email: { enabled: true, action } } })).toBe(whole);
  });
});
