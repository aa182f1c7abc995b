import { Tokenizer as NativeTokenizer } from 'tokenizers';
import { LlamaCoreError } from '../errors.js';
import { AsciiWordPiece } from './ascii-word-piece.js';
import { KNOWN_SPLITS } from './gguf-pre-tokenizers.js';
import { type CutRule, cutRule, type TextPiece, textPieces } from './text-pieces.js';
import { type TokenizerJson, withoutPrefix } from './tokenizer-json.js';

export interface EncodeOptions {
  /** Ends the work between two pieces of a long text with `cancelled`. */
  signal?: AbortSignal;
  /** Ends it with `context_length_exceeded` once there are more tokens. */
  maxTokens?: number;
}

/** Hands a definition to the library. Throws `tokenizer_invalid`. */
export function buildNative(json: TokenizerJson): NativeTokenizer {
  try {
    return NativeTokenizer.fromString(JSON.stringify(json));
  } catch (cause) {
    throw new LlamaCoreError('tokenizer_invalid', 'The tokenizer library refused the tokenizer definition; see the cause.', { cause });
  }
}

/**
 * Ids of plain text by a definition without added tokens. A long text goes to the library in pieces that have the ids of the whole: it takes
 * gigabytes for tens of megabytes, and its regular expressions end the process on 10 million spaces. Only within a run of 200,000 characters
 * without a word boundary are pieces cut anywhere, as Meta's own tokenizer does after 25,000.
 */
export class PlainEncoder {
  private readonly native: NativeTokenizer;
  private readonly rule: CutRule;
  private readonly ascii: AsciiWordPiece | undefined;
  private unprefixed: NativeTokenizer | undefined;

  constructor(private readonly json: TokenizerJson) {
    this.native = buildNative(json);
    this.rule = cutRule(json, KNOWN_SPLITS);
    this.ascii = AsciiWordPiece.of(json);
  }

  /** The encoder puts a space before every text, which its decoder takes away again. */
  get addsPrefix(): boolean {
    return this.rule.addsPrefix;
  }

  /** `prefixed` false: the text goes on after other tokens, and no space is put before it. */
  async encode(text: string, { signal, maxTokens = Number.POSITIVE_INFINITY }: EncodeOptions = {}, prefixed = true): Promise<number[]> {
    const ids: number[] = [];
    for (const piece of textPieces(text, this.rule, prefixed)) {
      if (signal?.aborted) throw new LlamaCoreError('cancelled', 'The text was not encoded to its end.', { cause: signal.reason });
      for (const id of this.ascii?.encode(piece.text) ?? (await this.encodeNative(piece))) ids.push(id);
      if (ids.length > maxTokens) throw new LlamaCoreError('context_length_exceeded', `The text has at least ${ids.length} tokens; at most ${maxTokens} are allowed.`);
    }
    return ids;
  }

  private async encodeNative({ text, prefixed }: TextPiece): Promise<number[]> {
    const native = prefixed ? this.native : this.withoutPrefix();
    return (await native.encode(text, null, { addSpecialTokens: false })).getIds();
  }

  private withoutPrefix(): NativeTokenizer {
    if (!this.rule.addsPrefix) return this.native;
    this.unprefixed ??= buildNative(withoutPrefix(this.json));
    return this.unprefixed;
  }
}
