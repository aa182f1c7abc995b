import type { BlockLayout } from './block-layout.js';

/** Scale and zero point of a 4-bit block: w ≈ (q − zero) · scale, q in 0…15. */
export interface BlockScale {
  scale: number;
  zero: number;
}

/** How far the range of a block is cut (its outliers are clipped) or widened, in the order in which it is tried. */
const SYMMETRIC_STRETCHES = [1, 0.93, 0.87, 0.8];
const ASYMMETRIC_STRETCHES = [1, 1.03, 0.95, 0.9, 0.85, 0.8];

/**
 * Finds scale and zero point of blocks, one block at a time; the result is valid until the next search.
 * Nothing is allocated per block: a billion weights pass through here.
 */
export class ScaleSearch {
  readonly best: BlockScale = { scale: 0, zero: 8 };
  private mostGain = -1;

  constructor(private readonly layout: Pick<BlockLayout, 'zeroPoints' | 'scaleSearch'>) {}

  /** Searches for the elements [start, end) of `values`. */
  search(values: Float32Array, start: number, end: number): BlockScale {
    let [least, greatest] = [0, 0];
    for (let i = start; i < end; i++) {
      if (values[i]! < least) least = values[i]!;
      else if (values[i]! > greatest) greatest = values[i]!;
    }
    this.best.scale = 0;
    this.best.zero = 8;
    this.mostGain = -1;
    if (least === greatest) return this.best;
    // The scale takes the sign of the largest element, which then lands exactly on level 0 (as GGUF's Q4_0 does).
    const symmetric = (greatest > -least ? greatest : least) / -8;
    if (!this.layout.scaleSearch) return this.plain(least, greatest, symmetric);
    if (this.layout.zeroPoints) for (const stretch of ASYMMETRIC_STRETCHES) this.consider(values, start, end, asymmetric(least, greatest, stretch));
    for (const stretch of SYMMETRIC_STRETCHES) this.consider(values, start, end, { scale: symmetric * stretch, zero: 8 });
    return this.best;
  }

  private plain(least: number, greatest: number, symmetric: number): BlockScale {
    const { scale, zero } = this.layout.zeroPoints ? asymmetric(least, greatest, 1) : { scale: symmetric, zero: 8 };
    this.best.scale = scale;
    this.best.zero = zero;
    return this.best;
  }

  /** Σ(w − s·q)² is least at s = Σwq / Σq², where it is Σw² − (Σwq)² / Σq²: of several starts the one with the largest second term is kept, refitted. */
  private consider(values: Float32Array, start: number, end: number, { scale, zero }: BlockScale): void {
    const inverse = 1 / scale;
    const shift = zero + 0.5;
    let product = 0;
    let square = 0;
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      // Truncation rounds, because levels are positive.
      const level = Math.max(0, Math.min(15, (value * inverse + shift) | 0)) - zero;
      product += value * level;
      square += level * level;
    }
    const gain = square === 0 ? 0 : (product * product) / square;
    if (!(gain > this.mostGain)) return;
    this.mostGain = gain;
    this.best.scale = square === 0 ? scale : product / square;
    this.best.zero = zero;
  }
}

/** Least element on level 0, greatest on level 15, about the same middle when stretched; zero itself stays exact. */
function asymmetric(least: number, greatest: number, stretch: number): BlockScale {
  const scale = ((greatest - least) / 15) * stretch;
  return { scale, zero: Math.min(15, Math.max(0, Math.round(7.5 - (least + greatest) / (2 * scale)))) };
}

/** Writes the level 0…15 of each element. */
export function levelsOf4(values: Float32Array, start: number, end: number, { scale, zero }: BlockScale, out: Uint8Array): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = start; i < end; i++) out[i - start] = Math.max(0, Math.min(15, (values[i]! * inverse + zero + 0.5) | 0));
}
