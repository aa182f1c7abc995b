import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first ids are control tokens, the next 256 the bytes; the models' vocabularies go on to 320. */
const CONTROL = ['<unk>', '<s>', '</s>'];

/** GPT-2's printable character of each byte. */
function byteCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174 ? byte : next++));
}

/** A golden model in a folder of its own, with a tokenizer whose tokens are bytes and a plain chat template: transformers made the weights, so they have none. */
export async function tinyModel(name = 'llama32-tied'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-model-'));
  await cp(fileURLToPath(new URL(`../../fixtures/models/${name}`, import.meta.url)), folder, { recursive: true });
  const vocab = Object.fromEntries([...CONTROL, ...byteCharacters()].map((piece, id) => [piece, id]));
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: CONTROL.map((content, id) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges: [] },
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: '<s>', eos_token: '</s>', chat_template: "{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}" }));
  return folder;
}
