import { LlamaCoreError } from '../errors.js';
import { preTokenizerOf } from './gguf-pre-tokenizers.js';
import { addedPieces, PIECE_TYPE, sentencePieceJson } from './sentencepiece-json.js';
import type { SpecialTokenNames } from './tokenizer.js';
import { type AddedToken, type TokenizerJson, withBos, withMarkers } from './tokenizer-json.js';

/** Key-value part of a GGUF file. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

function list<T>(metadata: GgufMetadata, key: string, required: boolean): T[] {
  const value = metadata.get(key);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as Iterable<T>);
  if (!required) return [];
  throw new LlamaCoreError('tokenizer_invalid', `Expected the GGUF file to hold ${key}, found none.`, { param: key });
}

const EMPTY = { version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null };
const idsOf = (pieces: readonly string[]): Record<string, number> => Object.fromEntries(pieces.map((piece, id) => [piece, id]));

function byteLevelBpe(metadata: GgufMetadata, tokens: string[], added: AddedToken[]): TokenizerJson {
  const pre = preTokenizerOf(metadata.get('tokenizer.ggml.pre'));
  return {
    ...EMPTY,
    added_tokens: added,
    pre_tokenizer: pre.stage,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: idsOf(tokens), merges: list<string>(metadata, 'tokenizer.ggml.merges', true), ignore_merges: pre.ignoreMerges },
  };
}

function sentencePiece(metadata: GgufMetadata, tokens: string[], kind: 'bpe' | 'unigram'): TokenizerJson {
  const types = list<number>(metadata, 'tokenizer.ggml.token_type', false);
  return sentencePieceJson({
    kind,
    pieces: tokens,
    scores: list<number>(metadata, 'tokenizer.ggml.scores', true),
    types,
    byteFallback: types.includes(PIECE_TYPE.byte),
    addDummyPrefix: metadata.get('tokenizer.ggml.add_space_prefix') !== false,
    removeExtraSpaces: metadata.get('tokenizer.ggml.remove_extra_whitespaces') === true,
    charsmap: Uint8Array.from(list<number>(metadata, 'tokenizer.ggml.precompiled_charsmap', false), (byte) => byte & 0xff),
  });
}

/** GGUF marks the beginning of a word with U+2581 where WordPiece marks its continuation with `##` (llama.cpp, conversion of BERT). */
function wordPiece(tokens: string[], added: AddedToken[]): TokenizerJson {
  const special = new Set(added.map((token) => token.id));
  const spelling = (token: string, id: number): string => (special.has(id) ? token : token.startsWith('\u2581') ? token.slice(1) : `##${token}`);
  const unknown = added.find((token) => token.content === '[UNK]')?.content;
  if (unknown === undefined) throw new LlamaCoreError('tokenizer_invalid', 'Expected a WordPiece vocabulary with a token [UNK], found none.', { param: 'tokenizer.ggml.tokens' });
  return {
    ...EMPTY,
    added_tokens: added,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', vocab: idsOf(tokens.map(spelling)), unk_token: unknown, continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
  };
}

function vocabularyJson(metadata: GgufMetadata, tokens: string[]): TokenizerJson {
  const model = metadata.get('tokenizer.ggml.model');
  const added = addedPieces(tokens, list<number>(metadata, 'tokenizer.ggml.token_type', false));
  if (model === 'gpt2') return byteLevelBpe(metadata, tokens, added);
  if (model === 'llama') return sentencePiece(metadata, tokens, 'bpe');
  if (model === 't5') return sentencePiece(metadata, tokens, 'unigram');
  if (model === 'bert') return wordPiece(tokens, added);
  throw new LlamaCoreError('tokenizer_invalid', `Expected tokenizer.ggml.model to be "gpt2", "llama", "t5" or "bert", found ${typeof model === 'string' ? `"${model}"` : 'none'}.`, { param: 'tokenizer.ggml.model' });
}

/** BOS is added before plain text as the file's flag says; `llama` vocabularies add it unless told otherwise, BERT's get their two markers. */
function wrapped(json: TokenizerJson, names: SpecialTokenNames, metadata: GgufMetadata): TokenizerJson {
  const model = metadata.get('tokenizer.ggml.model');
  if (model === 'bert') return withMarkers(json, '[CLS]', '[SEP]');
  const flag = metadata.get('tokenizer.ggml.add_bos_token') ?? model === 'llama';
  return flag === true && names.bosToken !== undefined ? withBos(json, names.bosToken) : json;
}

/** A tokenizer.json equal to what GGUF metadata describes: byte-level BPE, SentencePiece BPE or Unigram, or WordPiece. Throws `tokenizer_invalid`. */
export function ggufTokenizerJson(metadata: GgufMetadata): { json: TokenizerJson; names: SpecialTokenNames } {
  const tokens = list<string>(metadata, 'tokenizer.ggml.tokens', true);
  const name = (key: string): string | undefined => tokens[Number(metadata.get(`tokenizer.ggml.${key}_token_id`) ?? Number.NaN)];
  const names: SpecialTokenNames = Object.fromEntries(
    Object.entries({ bosToken: name('bos'), eosToken: name('eos'), padToken: name('padding'), unkToken: name('unknown') }).filter(([, value]) => value !== undefined),
  );
  return { json: wrapped(vocabularyJson(metadata, tokens), names, metadata), names };
}
