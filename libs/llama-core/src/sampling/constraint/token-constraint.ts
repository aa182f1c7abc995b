/** What may come next in one answer, token by token. */
export interface TokenConstraint {
  /** One bit per token id (bit `id & 31` of word `id >> 5`): set where the token may come next. The array belongs to the constraint. */
  allowed(): Uint32Array;
  /** Whether one token may come next: cheaper than {@link allowed} for a few tokens. */
  permits(id: number): boolean;
  /** Takes note of the token that was chosen; it must have been allowed. */
  accept(id: number): void;
}

export const isAllowed = (mask: Uint32Array, id: number): boolean => ((mask[id >> 5] ?? 0) & (1 << (id & 31))) !== 0;
