import protobuf from 'protobufjs';
import { LlamaCoreError } from '../errors.js';
import { type SentencePieceVocabulary, sentencePieceJson } from './sentencepiece-json.js';
import type { SpecialTokenNames } from './tokenizer.js';
import { type TokenizerJson, withBos } from './tokenizer-json.js';

/** The part of sentencepiece_model.proto that encoding needs; source: google/sentencepiece. */
const SCHEMA = `
syntax = "proto2";
message TrainerSpec { optional int32 model_type = 3 [default = 1]; optional bool byte_fallback = 35 [default = false]; optional bool treat_whitespace_as_suffix = 24 [default = false]; optional int32 unk_id = 40 [default = 0]; optional int32 bos_id = 41 [default = 1]; optional int32 eos_id = 42 [default = 2]; optional int32 pad_id = 43 [default = -1]; }
message NormalizerSpec { optional bytes precompiled_charsmap = 2; optional bool add_dummy_prefix = 3 [default = true]; optional bool remove_extra_whitespaces = 4 [default = true]; optional bool escape_whitespaces = 5 [default = true]; }
message SentencePiece { optional string piece = 1; optional float score = 2; optional int32 type = 3 [default = 1]; }
message ModelProto { repeated SentencePiece pieces = 1; optional TrainerSpec trainer_spec = 2; optional NormalizerSpec normalizer_spec = 3; }
`;

interface ModelProto {
  pieces: Array<{ piece: string; score: number; type: number }>;
  trainer_spec: { model_type: number; byte_fallback: boolean; treat_whitespace_as_suffix: boolean; unk_id: number; bos_id: number; eos_id: number; pad_id: number };
  normalizer_spec: { precompiled_charsmap: Uint8Array; add_dummy_prefix: boolean; remove_extra_whitespaces: boolean; escape_whitespaces: boolean };
}

const schema = protobuf.parse(SCHEMA, { keepCase: true }).root;
const [modelType, trainerType, normalizerType] = ['ModelProto', 'TrainerSpec', 'NormalizerSpec'].map((name) => schema.lookupType(name)) as [protobuf.Type, protobuf.Type, protobuf.Type];
const KINDS: Readonly<Record<number, SentencePieceVocabulary['kind']>> = { 1: 'unigram', 2: 'bpe' };
const FILE = 'tokenizer.model';

const invalid = (message: string, cause?: unknown) => new LlamaCoreError('tokenizer_invalid', message, { param: FILE, cause });

function decode(bytes: Uint8Array): ModelProto {
  try {
    const model = modelType.decode(bytes) as unknown as Partial<ModelProto>;
    return { pieces: model.pieces ?? [], trainer_spec: model.trainer_spec ?? (trainerType.create() as never), normalizer_spec: model.normalizer_spec ?? (normalizerType.create() as never) };
  } catch (cause) {
    throw invalid(`${FILE} is neither a SentencePiece model nor a tiktoken file.`, cause);
  }
}

/** A tokenizer.json equal to a SentencePiece model file (BPE as in Llama 1 and 2, or Unigram). Throws `tokenizer_invalid`. */
export function sentencePieceTokenizerJson(bytes: Uint8Array): { json: TokenizerJson; names: SpecialTokenNames } {
  const { pieces, trainer_spec: trainer, normalizer_spec: normalizer } = decode(bytes);
  const kind = KINDS[trainer.model_type];
  if (pieces.length === 0) throw invalid(`Expected ${FILE} to hold pieces, found none.`);
  if (!kind) throw invalid(`Expected ${FILE} to be a Unigram (1) or BPE (2) model, found type ${trainer.model_type}.`);
  if (trainer.treat_whitespace_as_suffix || !normalizer.escape_whitespaces) throw invalid(`Expected ${FILE} to mark a space before a word with U+2581, found another rule.`);
  const name = (id: number): string | undefined => pieces[id]?.piece;
  const names: SpecialTokenNames = Object.fromEntries(
    Object.entries({ bosToken: name(trainer.bos_id), eosToken: name(trainer.eos_id), padToken: name(trainer.pad_id), unkToken: name(trainer.unk_id) }).filter(([, value]) => value !== undefined),
  );
  const json = sentencePieceJson({
    kind,
    pieces: pieces.map((piece) => piece.piece),
    scores: pieces.map((piece) => piece.score),
    types: pieces.map((piece) => piece.type),
    byteFallback: trainer.byte_fallback,
    addDummyPrefix: normalizer.add_dummy_prefix,
    removeExtraSpaces: normalizer.remove_extra_whitespaces,
    charsmap: normalizer.precompiled_charsmap,
  });
  return { json: kind === 'bpe' && names.bosToken !== undefined ? withBos(json, names.bosToken) : json, names };
}
