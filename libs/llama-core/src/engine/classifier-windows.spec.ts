import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEBERTA_WINDOW, encoderRows, WINDOW, windowStarts } from './classifier-windows.js';

const MARKERS = { cls: -1, sep: -2, maxTokens: 512 };
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('windows of a classifier', () => {
  it('are 510 tokens for DeBERTa, with 128 in common, and 254 with 64 for the bundled models', () => {
    const rows = encoderRows(count(1_500), undefined, { ...MARKERS, window: DEBERTA_WINDOW });
    expect(rows.map(({ ids }) => [ids[1], ids.length])).toEqual([[0, 512], [382, 512], [764, 512], [1146, 356]]);
    expect(encoderRows(count(500), undefined, MARKERS).map(({ ids }) => [ids[1], ids.length])).toEqual([[0, 256], [190, 256], [380, 122]]);
  });

  it('hold every token, and every run of tokens as long as the overlap in one window as a whole', () => {
    fc.assert(
      fc.property(fc.constantFrom(WINDOW, DEBERTA_WINDOW), fc.integer({ min: 1, max: 5_000 }), fc.nat(), (window, length, place) => {
        const rows = encoderRows(count(length), undefined, { ...MARKERS, window });
        const run = Math.min(window.overlap, length);
        const first = place % (length - run + 1);
        expect(rows.some(({ ids }) => ids.includes(first) && ids.includes(first + run - 1))).toBe(true);
        expect(rows.every(({ ids }) => ids.length <= window.tokens + 2 && ids[0] === -1 && ids.at(-1) === -2)).toBe(true);
        expect(windowStarts(length, window.tokens, window.overlap)).toHaveLength(rows.length);
      }),
    );
  });
});
