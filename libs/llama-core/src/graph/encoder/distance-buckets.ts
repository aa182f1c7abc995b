import type { RelativeAttention } from '../../model/encoder-config.js';

/**
 * Row of the distance table for a query `distance` tokens after its key (negative: before it).
 * Near distances have a row each, far ones share logarithmic buckets. Source: transformers' `make_log_bucket_position`, whose float32 steps are followed, because a bucket begins where a rounded quotient passes a whole number.
 */
export function distanceRow(distance: number, { buckets, maxDistance, span }: RelativeAttention): number {
  const bucket = buckets === undefined ? distance : logBucket(distance, buckets, maxDistance);
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}

function logBucket(distance: number, buckets: number, maxDistance: number): number {
  const middle = Math.floor(buckets / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const log = (value: number) => Math.fround(Math.log(Math.fround(value)));
  const share = Math.fround(log(far / middle) / log((maxDistance - 1) / middle));
  return Math.sign(distance) * (Math.ceil(Math.fround(share * (middle - 1))) + middle);
}

/** Rows for all pairs of a query i and a key j: int32 [tokens, tokens]. */
export function distanceRows(tokens: number, relative: RelativeAttention): Int32Array {
  const byDistance = Array.from({ length: 2 * tokens - 1 }, (_, i) => distanceRow(i - tokens + 1, relative));
  return Int32Array.from({ length: tokens * tokens }, (_, at) => byDistance[Math.floor(at / tokens) - (at % tokens) + tokens - 1]!);
}
