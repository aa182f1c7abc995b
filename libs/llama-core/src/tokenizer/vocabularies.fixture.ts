import { createHash } from 'node:crypto';
import llamaTokenizer from 'llama-tokenizer-js';
import llama3Tokenizer from 'llama3-tokenizer-js';
import { byteLevelBytes } from './byte-level.js';

/** The first ids of Llama 1 and 2 are control and byte tokens. */
const LLAMA2_ORDINARY = 259;
const LLAMA3_ORDINARY = 128_000;

/** Llama 1 and 2's vocabulary as GGUF metadata has it; scores fall with the ids. */
export function llama2Gguf(): Map<string, unknown> {
  const tokens = llamaTokenizer.vocabById.map((piece, id) => ['<unk>', '<s>', '</s>'][id] ?? piece);
  return new Map<string, unknown>([
    ['tokenizer.ggml.model', 'llama'],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.scores', tokens.map((_, id) => (id < LLAMA2_ORDINARY ? 0 : LLAMA2_ORDINARY - id))],
    ['tokenizer.ggml.token_type', tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < LLAMA2_ORDINARY ? 6 : 1))],
    ['tokenizer.ggml.bos_token_id', 1],
    ['tokenizer.ggml.eos_token_id', 2],
    ['tokenizer.ggml.unknown_token_id', 0],
  ]);
}

/** Meta's own tokenizer.model of Llama 3, byte for byte: its published SHA-256 is checked. */
export function llama3TiktokenFile(): string {
  const lines = llama3Tokenizer.vocabById.slice(0, LLAMA3_ORDINARY).map((piece, rank) => `${Buffer.from(byteLevelBytes(piece)!).toString('base64')} ${rank}\n`);
  const text = lines.join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (sha256 !== '82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55') throw new Error(`Expected the published Llama 3 vocabulary, found one with SHA-256 ${sha256}.`);
  return text;
}
