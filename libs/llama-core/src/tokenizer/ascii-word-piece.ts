import type { TokenizerJson } from './tokenizer-json.js';

/** Longer texts take so long that they belong to the library, which has threads of its own. */
const LONGEST = 2_000;
const PRINTABLE = /^[\t\n\r -~]*$/;
/** BERT's pre-tokenizer on such a text: runs of letters and digits, and each other character alone. */
const WORDS = /[0-9A-Za-z]+|[^\s0-9A-Za-z]/g;
const CONTINUING = '##';

/**
 * BERT's tokenizer for short texts in printable ASCII, on the calling thread. The library hands every text to another thread and back: cold, as between two runs of a model, 0.14 ms for a sentence where this takes 0.03
 * (docs/adr/0002). Whatever depends on Unicode is the library's.
 */
export class AsciiWordPiece {
  private readonly first = new Map<string, number>();
  private readonly further = new Map<string, number>();
  private longestPiece = 0;

  private constructor(
    vocabulary: Readonly<Record<string, number>>,
    private readonly unknown: number,
    private readonly options: { lowercase: boolean; longestWord: number },
  ) {
    for (const [piece, id] of Object.entries(vocabulary)) {
      this.first.set(piece, id);
      this.longestPiece = Math.max(this.longestPiece, piece.length);
      if (piece.startsWith(CONTINUING)) this.further.set(piece.slice(CONTINUING.length), id);
    }
  }

  /** Undefined unless the definition is BERT's pipeline. */
  static of({ normalizer, pre_tokenizer, model }: TokenizerJson): AsciiWordPiece | undefined {
    const { type, vocab, unk_token, continuing_subword_prefix, max_input_chars_per_word } = model;
    const bert = normalizer?.type === 'BertNormalizer' && pre_tokenizer?.type === 'BertPreTokenizer' && type === 'WordPiece' && continuing_subword_prefix === CONTINUING;
    if (!bert || Array.isArray(vocab) || typeof unk_token !== 'string' || typeof max_input_chars_per_word !== 'number') return undefined;
    const unknown = vocab[unk_token];
    return unknown === undefined ? undefined : new AsciiWordPiece(vocab, unknown, { lowercase: normalizer.lowercase === true, longestWord: max_input_chars_per_word });
  }

  /** Undefined for a text that is the library's. */
  encode(text: string): number[] | undefined {
    if (text.length > LONGEST || !PRINTABLE.test(text)) return undefined;
    return ((this.options.lowercase ? text.toLowerCase() : text).match(WORDS) ?? []).flatMap((word) => this.idsOf(word));
  }

  /** The longest piece of the vocabulary first; a word that cannot be made of pieces is unknown as a whole. */
  private idsOf(word: string): number | number[] {
    if (word.length > this.options.longestWord) return this.unknown;
    const whole = this.first.get(word);
    if (whole !== undefined) return whole;
    const ids: number[] = [];
    for (let start = 0; start < word.length; ) {
      const known = start === 0 ? this.first : this.further;
      let end = Math.min(word.length, start + this.longestPiece);
      while (end > start && !known.has(word.slice(start, end))) end -= 1;
      if (end === start) return this.unknown;
      ids.push(known.get(word.slice(start, end))!);
      start = end;
    }
    return ids;
  }
}
