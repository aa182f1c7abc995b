import { LlamaCoreError } from '../errors.js';

/** Real pieces have at most a few hundred characters; the splits of a longer one would take the square of its length. */
const MAX_PIECE_CHARACTERS = 4096;

const codePoints = (piece: string): number => [...piece].length;

interface RankedMerge {
  left: string;
  right: string;
  rank: number;
}

/** Every split of a piece into two pieces of the vocabulary, in the order of their ids. */
function splits(piece: string, rank: number, vocab: ReadonlyMap<string, number>): RankedMerge[] {
  if (piece.length > MAX_PIECE_CHARACTERS) throw new LlamaCoreError('tokenizer_invalid', `Expected tokens of at most ${MAX_PIECE_CHARACTERS} characters, found one of ${piece.length}.`, { param: 'vocab' });
  const found: RankedMerge[] = [];
  // Between the halves of a surrogate pair there is no piece to be found, so code units do as well as characters.
  for (let at = 1; at < piece.length; at++) {
    const left = piece.slice(0, at);
    const right = piece.slice(at);
    if (vocab.has(left) && vocab.has(right)) found.push({ left, right, rank });
  }
  return found.sort((a, b) => vocab.get(a.left)! - vocab.get(b.left)! || vocab.get(a.right)! - vocab.get(b.right)!);
}

/**
 * BPE merges of a SentencePiece vocabulary: every split of a piece into two pieces of the vocabulary, best score first
 * (transformers, `generate_merges`; sorts are stable there and here).
 */
export function sentencePieceMerges(pieces: ReadonlyArray<[piece: string, score: number]>, vocab: ReadonlyMap<string, number>): Array<[string, string]> {
  const merges = pieces.flatMap(([piece, score]) => splits(piece, score, vocab));
  merges.sort((a, b) => b.rank - a.rank || codePoints(b.left) - codePoints(a.left) || codePoints(b.right) - codePoints(a.right));
  return merges.map(({ left, right }) => [left, right]);
}

/** BPE merges of a tiktoken vocabulary, whose ids are the ranks (transformers, `TikTokenConverter`). */
export function tiktokenMerges(pieces: readonly string[], vocab: ReadonlyMap<string, number>): Array<[string, string]> {
  return pieces.flatMap((piece, rank) => splits(piece, rank, vocab).map(({ left, right }): [string, string] => [left, right]));
}
