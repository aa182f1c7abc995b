import { LlamaCoreError } from '../errors.js';
import { byteLevelPiece } from './byte-level.js';
import { preTokenizerOf } from './gguf-pre-tokenizers.js';
import { META_SPECIAL_TOKENS, type TiktokenFamily } from './meta-special-tokens.js';
import type { SpecialTokenNames } from './tokenizer.js';
import { type TokenizerJson, withBos } from './tokenizer-json.js';
import { tiktokenMerges } from './vocabulary-merges.js';

const FILE = 'tokenizer.model';
/** Far above any vocabulary: Llama 4's file has 200,000 lines. */
const MAX_LINES = 2_000_000;
const FAMILY_BY_LINES: ReadonlyMap<number, TiktokenFamily> = new Map([[128_000, 'llama3'], [200_000, 'llama4']]);

const invalid = (message: string, cause?: unknown) => new LlamaCoreError('tokenizer_invalid', message, { param: FILE, cause });

/** True for a file of `base64 rank` lines: SentencePiece's begins with a protobuf tag instead. */
export const isTiktokenFile = (bytes: Uint8Array): boolean => /^[A-Za-z0-9+/]+={0,2} \d+\r?\n/.test(Buffer.from(bytes.subarray(0, 512)).toString('latin1'));

/** The pieces by rank. */
function readPieces(text: string): string[] {
  const lines = text.split('\n', MAX_LINES + 1).map((line) => line.trimEnd()).filter((line) => line !== '');
  if (lines.length > MAX_LINES) throw invalid(`${FILE} has more than ${MAX_LINES} lines.`);
  return lines.map((line, rank) => {
    const [, base64, given] = /^([A-Za-z0-9+/]+={0,2}) (\d+)$/.exec(line) ?? [];
    if (base64 === undefined || Number(given) !== rank) throw invalid(`Expected line ${rank + 1} of ${FILE} to be base64 text and the rank ${rank}, found another.`);
    return byteLevelPiece(Buffer.from(base64, 'base64'));
  });
}

/**
 * A tokenizer.json equal to Meta's tiktoken file for Llama 3 or 4, with the control tokens that Meta's code adds to it. The family follows from
 * the number of lines unless it is given. Throws `tokenizer_invalid`.
 */
export function tiktokenTokenizerJson(text: string, given?: TiktokenFamily): { json: TokenizerJson; names: SpecialTokenNames } {
  const pieces = readPieces(text);
  const family = given ?? FAMILY_BY_LINES.get(pieces.length);
  if (!family) throw invalid(`Expected ${[...FAMILY_BY_LINES].map(([lines, name]) => `${lines} (${name})`).join(' or ')} lines in ${FILE}, found ${pieces.length}.`);
  const vocab = new Map(pieces.map((piece, rank) => [piece, rank]));
  if (vocab.size !== pieces.length) throw invalid(`Expected every token of ${FILE} once, found ${pieces.length - vocab.size} twice.`);
  const { stage, ignoreMerges } = preTokenizerOf(family);
  const [bosToken, eosToken] = ['<|begin_of_text|>', '<|end_of_text|>'];
  const json: TokenizerJson = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: META_SPECIAL_TOKENS[family].map((content, i) => ({ id: pieces.length + i, content, special: true, lstrip: false, rstrip: false, single_word: false, normalized: false })),
    normalizer: null,
    pre_tokenizer: stage,
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges: tiktokenMerges(pieces, vocab), ignore_merges: ignoreMerges },
  };
  return { json: withBos(json, bosToken), names: { bosToken, eosToken, padToken: family === 'llama3' ? '<|finetune_right_pad_id|>' : '<|finetune_right_pad|>' } };
}
