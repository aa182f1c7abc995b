import { LlamaCoreError } from '../errors.js';
import { byteLevelBytes } from './byte-level.js';
import type { TokenizerJson, TokenizerStage } from './tokenizer-json.js';

type PieceToBytes = (piece: string) => Uint8Array;
const utf8 = new TextEncoder();

const byteLevel: PieceToBytes = (piece) => byteLevelBytes(piece) ?? utf8.encode(piece);

const BYTE_FALLBACK = /^<0x([0-9A-F]{2})>$/;
const metaspaceBytes: PieceToBytes = (piece) => {
  const byte = BYTE_FALLBACK.exec(piece);
  return byte ? Uint8Array.of(Number.parseInt(byte[1]!, 16)) : utf8.encode(piece.replaceAll('\u2581', ' '));
};

const wordPieceBytes: PieceToBytes = (piece) => utf8.encode(piece.startsWith('##') ? piece.slice(2) : ` ${piece}`);

const stages = (stage: TokenizerStage | null): TokenizerStage[] => {
  if (stage === null) return [];
  const nested = (stage.decoders ?? stage.pretokenizers) as TokenizerStage[] | undefined;
  return nested ? nested.flatMap(stages) : [stage];
};

function pieceDecoder(json: TokenizerJson): PieceToBytes {
  const types = new Set([...stages(json.decoder), ...stages(json.pre_tokenizer)].map((stage) => stage.type));
  if (types.has('ByteLevel')) return byteLevel;
  if (types.has('WordPiece')) return wordPieceBytes;
  if (types.has('ByteFallback') || types.has('Metaspace') || types.has('Replace')) return metaspaceBytes;
  throw new LlamaCoreError('tokenizer_invalid', `Expected a ByteLevel, ByteFallback, Metaspace or WordPiece decoder, found ${[...types].join(', ') || 'none'}.`);
}

function vocabularyEntries(json: TokenizerJson): Array<[string, number]> {
  const { vocab } = json.model;
  return Array.isArray(vocab) ? vocab.map(([piece], id): [string, number] => [piece, id]) : Object.entries(vocab);
}

/** The bytes that each token id stands for; ids the vocabulary leaves out are empty. Added tokens are their own spelling. */
export function tokenByteTable(json: TokenizerJson): Uint8Array[] {
  const decode = pieceDecoder(json);
  const table: Uint8Array[] = [];
  for (const [piece, id] of vocabularyEntries(json)) table[id] = decode(piece);
  for (const token of json.added_tokens) table[token.id] = utf8.encode(token.content);
  return Array.from(table, (bytes) => bytes ?? new Uint8Array(0));
}
