import type { TokenizerJson, TokenizerStage } from './tokenizer-json.js';

/** UTF-16 units after which a cut is looked for, and within which it must be found. */
const PIECE = 65_536;
const SEARCH = 200_000;

/** How a long text may be cut so that its pieces have the ids of the whole. */
export interface CutRule {
  /** Matches one character with an exact cut behind it; undefined when none is known. */
  boundary: RegExp | undefined;
  /** The encoder puts a space before every text, so a piece gives up the one it begins with. */
  addsPrefix: boolean;
}

/** `prefixed`: the encoder may put its space before it. Not so behind a cut within a run of 200,000 characters. */
export interface TextPiece {
  text: string;
  prefixed: boolean;
}

/** In these splits a letter ends a token before anything but letters, marks and apostrophes. */
const AFTER_LETTER = /\p{L}(?=[^\p{L}\p{M}'])/gu;
const BETWEEN_WORDS = /\p{L}(?= \p{L})/gu;

const stagesOf = (stage: TokenizerStage | null): TokenizerStage[] => {
  if (stage === null) return [];
  const nested = (stage.pretokenizers ?? stage.normalizers) as TokenizerStage[] | undefined;
  return nested ? nested.flatMap(stagesOf) : [stage];
};

const crossesWords = (json: TokenizerJson): boolean => {
  const pieces = Array.isArray(json.model.vocab) ? json.model.vocab.map(([piece]) => piece) : Object.keys(json.model.vocab);
  return pieces.some((piece) => /[^\u2581]\u2581/.test(piece));
};

/** The rule for a tokenizer; `knownSplits` are the patterns of which {@link AFTER_LETTER} is known to hold. */
export function cutRule(json: TokenizerJson, knownSplits: readonly string[]): CutRule {
  const [pre, normal] = [stagesOf(json.pre_tokenizer), stagesOf(json.normalizer)];
  const has = (list: readonly TokenizerStage[], type: string) => list.some((stage) => stage.type === type);
  const metaspace = pre.find((stage) => stage.type === 'Metaspace');
  const addsPrefix = has(normal, 'Prepend') || (metaspace !== undefined && metaspace.prepend_scheme !== 'never' && metaspace.add_prefix_space !== false);
  if (pre.some((stage) => stage.add_prefix_space === true && stage.type === 'ByteLevel')) return { boundary: undefined, addsPrefix };
  const splits = pre.filter((stage) => stage.type === 'Split').map((stage) => (stage.pattern as { Regex?: string }).Regex);
  if (splits.some((pattern) => pattern === undefined || !knownSplits.includes(pattern))) return { boundary: undefined, addsPrefix };
  if (splits.length > 0 || pre.some((stage) => stage.type === 'ByteLevel' && stage.use_regex === true)) return { boundary: AFTER_LETTER, addsPrefix };
  const byWords = has(pre, 'BertPreTokenizer') || has(pre, 'Whitespace') || has(pre, 'WhitespaceSplit') || (metaspace !== undefined && metaspace.split !== false);
  return { boundary: byWords || !crossesWords(json) ? BETWEEN_WORDS : undefined, addsPrefix };
}

/** The pieces of a text in order, in linear time. */
export function* textPieces(text: string, { boundary, addsPrefix }: CutRule, firstPrefixed = true): Generator<TextPiece> {
  let start = 0;
  let prefixed = firstPrefixed;
  while (text.length - start > PIECE + SEARCH) {
    const target = start + PIECE;
    const found = boundary && firstMatchEnd(text.slice(target, target + SEARCH), boundary);
    const end = found === undefined ? wholeCharacter(text, target + SEARCH) : target + found;
    yield { text: text.slice(start, end), prefixed };
    prefixed = found !== undefined;
    start = prefixed && addsPrefix && text[end] === ' ' ? end + 1 : end;
  }
  yield { text: text.slice(start), prefixed };
}

function firstMatchEnd(text: string, pattern: RegExp): number | undefined {
  const match = new RegExp(pattern.source, 'u').exec(text);
  return match ? match.index + match[0].length : undefined;
}

/** Not between the halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}
