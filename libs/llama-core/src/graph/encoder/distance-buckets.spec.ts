import { describe, expect, it } from 'vitest';
import { distanceRow, distanceRows } from './distance-buckets.js';

const kinds = { c2p: true, p2c: true };
const PROMPT_GUARD = { maxDistance: 512, buckets: 256, span: 256, kinds, sharedKey: true, normalised: true };

describe('distanceRow', () => {
  /** transformers' make_log_bucket_position(…, 256, 512). */
  it.each([
    [0, 0], [127, 127], [128, 128], [129, 129], [131, 131], [140, 137], [160, 149], [200, 169], [255, 192], [256, 192], [300, 207], [400, 233], [500, 254], [510, 255], [511, 255],
  ])('distance %i is bucket %i, and the same backwards', (distance, bucket) => {
    expect(distanceRow(distance, PROMPT_GUARD)).toBe(256 + bucket);
    expect(distanceRow(-distance, PROMPT_GUARD)).toBe(256 - bucket);
  });

  it('stays inside the table without buckets', () => {
    const plain = { maxDistance: 12, span: 12, kinds, sharedKey: false, normalised: false };
    expect([-40, -12, -3, 0, 11, 12, 40].map((distance) => distanceRow(distance, plain))).toEqual([0, 0, 9, 12, 23, 23, 23]);
  });
});

describe('distanceRows', () => {
  it('is indexed by query and key', () => {
    expect([...distanceRows(3, PROMPT_GUARD)]).toEqual([256, 255, 254, 257, 256, 255, 258, 257, 256]);
  });
});
