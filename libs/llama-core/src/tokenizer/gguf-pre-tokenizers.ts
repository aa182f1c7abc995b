import { LlamaCoreError } from '../errors.js';
import type { TokenizerStage } from './tokenizer-json.js';

/** Llama 3's split (tiktoken cl100k with 3-digit groups); source: Llama 3 tokenizer.json. */
const LLAMA3_SPLIT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Llama 4's split (o200k); source: llama-models, llama4/tokenizer.py. */
const LLAMA4_SPLIT =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Patterns whose tokens end with a word. */
export const KNOWN_SPLITS: readonly string[] = [LLAMA3_SPLIT, LLAMA4_SPLIT];

const byteLevel = (useRegex: boolean): TokenizerStage => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex });
const split = (pattern: string): TokenizerStage => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel(false)],
});
const singleDigits: TokenizerStage = { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)] };

export interface PreTokenizer {
  stage: TokenizerStage;
  /** A piece that is a token as a whole is taken without looking at the merges. */
  ignoreMerges: boolean;
}

/** By `tokenizer.ggml.pre`; the rules of each name are those of llama.cpp's llama-vocab.cpp. */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  default: { stage: byteLevel(true), ignoreMerges: false },
  'gpt-2': { stage: byteLevel(true), ignoreMerges: false },
  smollm: { stage: singleDigits, ignoreMerges: false },
  starcoder: { stage: singleDigits, ignoreMerges: false },
  refact: { stage: singleDigits, ignoreMerges: false },
  'llama-bpe': { stage: split(LLAMA3_SPLIT), ignoreMerges: true },
  'llama-v3': { stage: split(LLAMA3_SPLIT), ignoreMerges: true },
  llama3: { stage: split(LLAMA3_SPLIT), ignoreMerges: true },
  llama4: { stage: split(LLAMA4_SPLIT), ignoreMerges: true },
};

/** The pre-tokenizer of a byte-level GGUF vocabulary; an unknown name is refused, because guessing would give wrong ids without a sign. */
export function preTokenizerOf(name: unknown): PreTokenizer {
  const key = name === undefined ? 'default' : String(name);
  const found = Object.hasOwn(PRE_TOKENIZERS, key) ? PRE_TOKENIZERS[key] : undefined;
  if (found) return found;
  throw new LlamaCoreError('tokenizer_invalid', `Expected tokenizer.ggml.pre to be one of ${Object.keys(PRE_TOKENIZERS).join(', ')}, found "${key}".`, { param: 'tokenizer.ggml.pre' });
}
