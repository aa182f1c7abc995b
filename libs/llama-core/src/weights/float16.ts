/** All 65,536 half-precision values as float32: one look-up is faster than the arithmetic. */
const HALF = new Float32Array(65_536);
for (let i = 0; i < 65_536; i++) {
  const sign = i & 0x8000 ? -1 : 1;
  const exponent = (i >> 10) & 31;
  const fraction = i & 1023;
  if (exponent === 0) HALF[i] = sign * 2 ** -14 * (fraction / 1024);
  else if (exponent === 31) HALF[i] = fraction ? NaN : sign * Infinity;
  else HALF[i] = sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

/** float32 value of IEEE half-precision bits (0–65535). */
export const halfToFloat = (bits: number): number => HALF[bits]!;
