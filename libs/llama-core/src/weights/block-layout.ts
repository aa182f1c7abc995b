/** How a matrix is cut into blocks. */
export interface BlockLayout {
  bits: 4 | 8;
  /** Elements that share one scale: 16, 32, 64 or 128. */
  blockSize: number;
  /** At 4 bits: a zero point per block, where that lowers the error. */
  zeroPoints: boolean;
  /** At 4 bits: try several scales per block and keep the one with the least squared error. */
  scaleSearch: boolean;
}
