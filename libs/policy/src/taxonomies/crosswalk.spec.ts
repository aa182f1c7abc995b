import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { translateCode } from './crosswalk.js';
import { getTaxonomy } from './registry.js';

describe('translateCode', () => {
  it.each<[string, string, string, string[]]>([
    ['S5', 'llama-guard-2', 'llama-guard-3', ['S6']],
    ['S5', 'llama-guard-3', 'llama-guard-2', []],
    ['S14', 'llama-guard-3', 'llama-guard-4', ['S14']],
    ['O1', 'llama-guard-1', 'llama-guard-3', ['S1', 'S10']],
    ['O2', 'llama-guard-1', 'llama-guard-3', ['S3', 'S4', 'S12']],
    ['O4', 'llama-guard-1', 'llama-guard-3', ['S2', 'S9']],
    ['O6', 'llama-guard-1', 'llama-guard-3', ['S11']],
    ['S2', 'llama-guard-3', 'llama-guard-1', ['O3', 'O4', 'O5']],
    ['S99', 'llama-guard-3', 'llama-guard-2', []],
  ])('%s of %s is %s: %j', (code, from, to, expected) => {
    expect(translateCode(code, from, to)).toEqual(expected);
  });

  it('is symmetric', () => {
    const id = fc.constantFrom('llama-guard-1', 'llama-guard-2', 'llama-guard-3', 'llama-guard-4');
    fc.assert(
      fc.property(id, id, (from, to) => {
        for (const { code } of getTaxonomy(from).categories) for (const other of translateCode(code, from, to)) expect(translateCode(other, to, from)).toContain(code);
      }),
    );
  });
});
