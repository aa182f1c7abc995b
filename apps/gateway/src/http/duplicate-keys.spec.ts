import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasDuplicateKeys } from './duplicate-keys.js';

describe('hasDuplicateKeys', () => {
  it.each([
    ['{"a":1,"a":2}', true],
    ['{"a":{"b":1},"c":[{"d":1,"d":2}]}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['{"a" \n: 1, "a"\t:2}', true],
    ['{"a":"a","b":["a","a"],"c":{"a":1}}', false],
    ['{"a":"\\"a\\":1,\\"a\\":2"}', false],
    ['{"a":[{"b":1},{"b":1}]}', false],
  ])('%s: %s', (text, expected) => expect(hasDuplicateKeys(text)).toBe(expected));

  it('finds none in what JSON.stringify writes, and one in what names a key again', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(4), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(hasDuplicateKeys(text)).toBe(false);
      expect(hasDuplicateKeys(`{${JSON.stringify(Object.keys(value)[0])}:0,${text.trim().slice(1)}`)).toBe(true);
    }));
  });
});
