import { createHash } from 'node:crypto';

/** A number from 0 to below 1 that a seed gives a line: always the same, and even over the lines. */
export function lineHash(seed: number, line: number): number {
  const digest = createHash('sha256').update(`${seed}:${line}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
