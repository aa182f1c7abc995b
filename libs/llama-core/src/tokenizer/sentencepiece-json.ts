import { LlamaCoreError } from '../errors.js';
import type { AddedToken, TokenizerJson, TokenizerModelJson, TokenizerStage } from './tokenizer-json.js';
import { sentencePieceMerges } from './vocabulary-merges.js';

/** Types of a piece, in SentencePiece's and in GGUF's numbering alike. */
export const PIECE_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a SentencePiece model says, from its own file or from GGUF metadata. */
export interface SentencePieceVocabulary {
  kind: 'bpe' | 'unigram';
  pieces: readonly string[];
  scores: readonly number[];
  /** {@link PIECE_TYPE} of each piece; missing ones are normal. */
  types: readonly number[];
  byteFallback: boolean;
  /** A text begins with a space that it does not have. */
  addDummyPrefix: boolean;
  /** Runs of spaces count as one, and none at the ends. */
  removeExtraSpaces: boolean;
  /** SentencePiece's compiled normalization table; empty for none. */
  charsmap: Uint8Array;
}

const SPACE = '\u2581';
const replace = (pattern: { Regex: string } | { String: string }, content: string): TokenizerStage => ({ type: 'Replace', pattern, content });

/** Control, unknown and user-defined pieces, which text is never matched against. */
export function addedPieces(pieces: readonly string[], types: readonly number[]): AddedToken[] {
  return pieces.flatMap((content, id) => {
    const type = types[id];
    if (type !== PIECE_TYPE.control && type !== PIECE_TYPE.userDefined && type !== PIECE_TYPE.unknown) return [];
    return [{ id, content, special: type !== PIECE_TYPE.userDefined, lstrip: false, rstrip: false, single_word: false, normalized: false }];
  });
}

/** SentencePiece's order: table, spaces, prefix, mark. */
function normalizer({ addDummyPrefix, removeExtraSpaces, charsmap }: SentencePieceVocabulary): TokenizerStage {
  const normalizers: TokenizerStage[] = [];
  if (charsmap.length > 0) normalizers.push({ type: 'Precompiled', precompiled_charsmap: Buffer.from(charsmap).toString('base64') });
  if (removeExtraSpaces) normalizers.push(replace({ Regex: '\\A +| +\\z' }, ''), replace({ Regex: ' {2,}' }, ' '));
  if (addDummyPrefix) normalizers.push({ type: 'Prepend', prepend: SPACE });
  normalizers.push(replace({ String: ' ' }, SPACE));
  return normalizers.length === 1 ? normalizers[0]! : { type: 'Sequence', normalizers };
}

function bpe({ pieces, scores, types, byteFallback }: SentencePieceVocabulary, unknown: AddedToken | undefined): TokenizerModelJson {
  const vocab = new Map(pieces.map((piece, id) => [piece, id]));
  const ordinary = pieces.flatMap((piece, id): Array<[string, number]> => ((types[id] ?? PIECE_TYPE.normal) === PIECE_TYPE.normal ? [[piece, scores[id]!]] : []));
  return { type: 'BPE', vocab: Object.fromEntries(vocab), merges: sentencePieceMerges(ordinary, vocab), unk_token: unknown?.content ?? null, byte_fallback: byteFallback, fuse_unk: true };
}

/** Byte and unused pieces keep their ids but get a score with which no path through them can win. */
function unigram({ pieces, scores, types, byteFallback }: SentencePieceVocabulary, unknown: AddedToken | undefined): TokenizerModelJson {
  const lost = scores.reduce((lowest, score) => Math.min(lowest, score), 0) * 64;
  const scoreOf = (id: number): number => (types[id] === PIECE_TYPE.byte || types[id] === PIECE_TYPE.unused ? lost : scores[id]!);
  return { type: 'Unigram', unk_id: unknown?.id ?? null, vocab: pieces.map((piece, id): [string, number] => [piece, scoreOf(id)]), byte_fallback: byteFallback };
}

/** The tokenizer.json that encodes as SentencePiece does. Throws `tokenizer_invalid` when pieces and scores do not belong together. */
export function sentencePieceJson(vocabulary: SentencePieceVocabulary): TokenizerJson {
  const { pieces, scores, types, kind } = vocabulary;
  if (scores.length !== pieces.length) throw new LlamaCoreError('tokenizer_invalid', `Expected a score for each of ${pieces.length} pieces, found ${scores.length}.`, { param: 'scores' });
  const added = addedPieces(pieces, types);
  const unknown = added.find((token) => types[token.id] === PIECE_TYPE.unknown);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: normalizer(vocabulary),
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Sequence', decoders: [replace({ String: SPACE }, ' '), { type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: kind === 'bpe' ? bpe(vocabulary, unknown) : unigram(vocabulary, unknown),
  };
}
