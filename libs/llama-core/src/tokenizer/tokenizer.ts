import { buildNative, type EncodeOptions, PlainEncoder } from './plain-encoder.js';
import { SpellingFinder, spellingPattern } from './spelling-pattern.js';
import { tokenByteTable } from './token-bytes.js';
import { type AddedToken, hasFirstOnlyPrefix, plainTokenizerJson, postProcessorJson, type TokenizerJson } from './tokenizer-json.js';

const NO_BYTES = new Uint8Array(0);

/** What a checkpoint says about its control tokens, by name as chat templates know them. */
export interface SpecialTokenNames {
  bosToken?: string;
  eosToken?: string;
  padToken?: string;
  unkToken?: string;
}

/** A stretch of a prompt; control tokens are meant only where `control` says so. */
export interface TextPart {
  text: string;
  control: boolean;
}

/**
 * Text to ids and back, over Hugging Face's own `tokenizers` library. Text given to {@link encodeText} can never yield a control token;
 * {@link encodeParts} and {@link encodeMarked} are for texts of ours, such as a rendered chat template, in which some are meant.
 */
export class Tokenizer {
  private readonly table: Uint8Array[];
  private readonly specialIds: ReadonlySet<number>;
  private readonly addedByContent: ReadonlyMap<string, AddedToken>;
  private readonly addedPattern: RegExp | null;
  private readonly finder: SpellingFinder;
  private readonly plain: PlainEncoder;
  private readonly continuingPlain: PlainEncoder;

  private constructor(
    json: TokenizerJson,
    readonly names: SpecialTokenNames,
    /** Ids the tokenizer itself puts around a text: `[BOS]` for most decoders, `[CLS] [SEP]` for BERT. */
    readonly wrapping: readonly number[],
  ) {
    const spellings = json.added_tokens.map((token) => token.content);
    this.table = tokenByteTable(json);
    this.specialIds = new Set(json.added_tokens.filter((token) => token.special).map((token) => token.id));
    this.addedByContent = new Map(json.added_tokens.map((token) => [token.content, token]));
    this.addedPattern = spellingPattern(spellings);
    this.finder = new SpellingFinder(spellings);
    this.plain = new PlainEncoder(plainTokenizerJson(json, false));
    this.continuingPlain = hasFirstOnlyPrefix(json) ? new PlainEncoder(plainTokenizerJson(json, true)) : this.plain;
  }

  /** Builds the encoders; throws `tokenizer_invalid` when the definition is not usable. */
  static async create(json: TokenizerJson, names: SpecialTokenNames = {}): Promise<Tokenizer> {
    const empty = await buildNative(postProcessorJson(json)).encode('', null, { addSpecialTokens: true });
    return new Tokenizer(json, names, empty.getIds());
  }

  /** Ids of a user's text: control-token spellings in it stay ordinary characters. Runs off the JavaScript thread, in linear time. */
  async encodeText(text: string, options: EncodeOptions = {}): Promise<number[]> {
    return this.plain.encode(text, options);
  }

  /** Ids of a user's text that goes on after other tokens, so that no space is put before it. */
  async encodeContinuation(text: string, options: EncodeOptions = {}): Promise<number[]> {
    return text === '' ? [] : this.plain.encode(text, options, false);
  }

  /** Ids of a prompt as one text, in which a spelling is a control token only if all of it lies in parts that say so. */
  async encodeParts(parts: readonly TextPart[], options: EncodeOptions = {}): Promise<number[]> {
    const segments: string[] = [''];
    for (const { text, control } of mergedParts(parts)) {
      const [first = '', ...rest] = control && this.addedPattern ? text.split(this.addedPattern) : [text];
      segments[segments.length - 1] += first;
      for (const segment of rest) segments.push(segment);
    }
    return this.encodeSegments(segments, options);
  }

  /**
   * Ids of a text in which control tokens are meant. Every occurrence of `mark` is dropped before encoding, so a spelling
   * that holds the mark stays ordinary text: see {@link shieldText}.
   */
  async encodeMarked(text: string, mark: string, options: EncodeOptions = {}): Promise<number[]> {
    const segments = this.addedPattern ? text.split(this.addedPattern) : [text];
    return this.encodeSegments(segments.map((segment) => segment.replaceAll(mark, '')), options);
  }

  /** Puts `mark` into every spelling of a control token, and where the text's ends could complete one with its neighbours. */
  shieldText(text: string, mark: string): string {
    return this.finder.interrupt(text, mark);
  }

  /** True when a text spells a control token. */
  spellsControl(text: string): boolean {
    return this.finder.spells(text);
  }

  /** The ids with BOS before them where this tokenizer puts one before a text and they hold none yet. */
  withBos(ids: number[]): number[] {
    const bos = this.names.bosToken === undefined ? undefined : this.specialId(this.names.bosToken);
    return bos === undefined || this.wrapping[0] !== bos || ids.includes(bos) ? ids : [bos, ...ids];
  }

  /** Text of a whole sequence, without the space that SentencePiece puts before a text; ill-formed UTF-8 becomes U+FFFD. */
  decode(ids: readonly number[], { skipSpecial = true } = {}): string {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let text = '';
    for (const id of ids) if (!(skipSpecial && this.specialIds.has(id))) text += decoder.decode(this.bytesOf(id), { stream: true });
    text += decoder.decode();
    return this.plain.addsPrefix && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** The bytes one token stands for; empty for ids outside the vocabulary. */
  bytesOf(id: number): Uint8Array {
    return this.table[id] ?? NO_BYTES;
  }

  isSpecial(id: number): boolean {
    return this.specialIds.has(id);
  }

  /** Id of a control or added token by its spelling. */
  specialId(content: string): number | undefined {
    return this.addedByContent.get(content)?.id;
  }

  get vocabularySize(): number {
    return this.table.length;
  }

  /** Bytes of the longest ordinary token: a text of n UTF-8 bytes has at least n / longestTokenBytes tokens. */
  get longestTokenBytes(): number {
    return this.table.reduce((longest, bytes) => Math.max(longest, bytes.length), 1);
  }

  /** Texts at even and spellings of added tokens at odd places. */
  private async encodeSegments(segments: readonly string[], { signal, maxTokens = Number.POSITIVE_INFINITY }: EncodeOptions): Promise<number[]> {
    const ids: number[] = [];
    for (const [index, segment] of segments.entries()) {
      if (index % 2 === 1) ids.push(this.addedByContent.get(segment)!.id);
      else for (const id of await this.encodeBetween(this.strip(segments, index), index > 0, { signal, maxTokens: maxTokens - ids.length })) ids.push(id);
    }
    return ids;
  }

  private async encodeBetween(text: string, continuing: boolean, options: EncodeOptions): Promise<number[]> {
    return text === '' ? [] : (continuing ? this.continuingPlain : this.plain).encode(text, options);
  }

  /** `lstrip` and `rstrip` tokens swallow the white space beside them, as in the reference implementation. */
  private strip(segments: readonly string[], index: number): string {
    const before = index > 0 ? this.addedByContent.get(segments[index - 1]!) : undefined;
    const after = index + 1 < segments.length ? this.addedByContent.get(segments[index + 1]!) : undefined;
    const text = before?.rstrip ? segments[index]!.trimStart() : segments[index]!;
    return after?.lstrip ? text.trimEnd() : text;
  }
}

/** Neighbours of one kind made one, so that a spelling may span them. */
function mergedParts(parts: readonly TextPart[]): TextPart[] {
  const merged: TextPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.text === '') continue;
    if (last?.control === part.control) last.text += part.text;
    else merged.push({ ...part });
  }
  return merged;
}
