import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGguf } from '../weights/gguf.js';
import { GgufBytes } from '../weights/gguf-file.fixture.js';
import { ggufTokenizerJson } from './gguf-tokenizer-json.js';
import { loadFolderTokenizer, loadGgufTokenizer } from './load-tokenizer.js';
import { sentencePieceTokenizerJson } from './sentencepiece-file.js';
import { tiktokenTokenizerJson } from './tiktoken-file.js';
import { type SpecialTokenNames, Tokenizer } from './tokenizer.js';
import { parseTokenizerJson, type TokenizerJson } from './tokenizer-json.js';
import { llama2Gguf, llama3TiktokenFile } from './vocabularies.fixture.js';

type Family = 'llama2' | 'llama3' | 'llama4' | 'bpe' | 'unigram' | 'deberta' | 'bert';
type Reference = { strings: string[] } & Record<Family, Array<number[] | null>>;

const fixtures = fileURLToPath(new URL('../../fixtures/tokenizers/', import.meta.url));
const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
/** tiktoken, sentencepiece and tokenizers: libs/llama-core/fixtures/README.md. */
const reference = JSON.parse(await readFile(`${fixtures}reference.json`, 'utf8')) as Reference;
const llama3File = llama3TiktokenFile();
const small = await readFile(`${fixtures}llama4-small.tiktoken`, 'utf8');
const [unigramFile, bpeFile] = await Promise.all(['unigram.model', 'bpe.model'].map((name) => readFile(fixtures + name)));

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'tokenizer-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

const create = (definition: { json: TokenizerJson; names?: SpecialTokenNames }) => Tokenizer.create(definition.json, definition.names);
function memoized<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
const llama2 = memoized(async () => (await loadGgufTokenizer(llama2Gguf())).tokenizer);
const llama3Json = memoized(() => tiktokenTokenizerJson(llama3File));
const llama3 = memoized(() => create(llama3Json()));

async function expectReference(tokenizer: Tokenizer, family: Family): Promise<void> {
  let compared = 0;
  for (const [i, text] of reference.strings.entries()) {
    const ids = reference[family][i];
    if (!ids) continue;
    compared += 1;
    expect(await tokenizer.encodeText(text), `${family}, string ${i}: ${JSON.stringify(text)}`).toEqual(ids);
  }
  expect(compared).toBeGreaterThan(100);
}

/** DeBERTa's pipeline around the vocabulary and table of the SentencePiece file (transformers, DebertaV2Converter). */
function debertaJson(): TokenizerJson {
  const { json } = sentencePieceTokenizerJson(unigramFile!);
  const table = (json.normalizer as unknown as { normalizers: Array<{ type: string }> }).normalizers.find((stage) => stage.type === 'Precompiled')!;
  const normalizers = [{ type: 'Strip', strip_left: true, strip_right: true }, table, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }];
  return { ...json, normalizer: { type: 'Sequence', normalizers }, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true }] } };
}

const bertJson = async () => parseTokenizerJson(await readFile(atRoot('models/guard/tokenizer.json'), 'utf8'), 'tokenizer.json');

/** A vocabulary as the conversion of llama.cpp writes it. */
async function bertGguf(): Promise<Map<string, unknown>> {
  const { model, added_tokens } = await bertJson();
  const tokens = Object.entries(model.vocab as Record<string, number>).sort((a, b) => a[1] - b[1]).map(([piece]) => piece);
  const special = new Set(added_tokens.map((token) => token.content));
  return new Map<string, unknown>([
    ['tokenizer.ggml.model', 'bert'],
    ['tokenizer.ggml.tokens', tokens.map((piece) => (special.has(piece) ? piece : piece.startsWith('##') ? piece.slice(2) : `\u2581${piece}`))],
    ['tokenizer.ggml.token_type', tokens.map((piece) => (special.has(piece) ? 3 : 1))],
  ]);
}

describe('ids against the original implementations', () => {
  it('Llama 3 from Meta\'s tokenizer.model, from tokenizer.json and from GGUF metadata', async () => {
    await writeFile(join(folder, 'tokenizer.model'), llama3File);
    await expectReference((await loadFolderTokenizer(folder)).tokenizer, 'llama3');
    const { json } = llama3Json();
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
    await expectReference((await loadFolderTokenizer(folder)).tokenizer, 'llama3');
    const tokens = [...Object.entries(json.model.vocab as Record<string, number>).sort((a, b) => a[1] - b[1]).map(([piece]) => piece), ...json.added_tokens.map((token) => token.content)];
    const metadata = new Map<string, unknown>([
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', 'llama-bpe'],
      ['tokenizer.ggml.tokens', tokens],
      ['tokenizer.ggml.token_type', tokens.map((_, id) => (id < 128_000 ? 1 : 3))],
      ['tokenizer.ggml.merges', json.model.merges!.map((merge) => (merge as [string, string]).join(' '))],
    ]);
    await expectReference((await loadGgufTokenizer(metadata)).tokenizer, 'llama3');
  });

  it('Llama 4 from a tiktoken file with its split', async () => {
    await expectReference(await create(tiktokenTokenizerJson(small, 'llama4')), 'llama4');
  });

  it('Llama 1 and 2 from GGUF metadata', async () => {
    await expectReference(await llama2(), 'llama2');
  });

  it('SentencePiece files with BPE and Unigram', async () => {
    await expectReference(await create(sentencePieceTokenizerJson(bpeFile!)), 'bpe');
    await expectReference(await create(sentencePieceTokenizerJson(unigramFile!)), 'unigram');
  });

  it('Unigram from GGUF metadata', async () => {
    const { json, names } = sentencePieceTokenizerJson(unigramFile!);
    const table = (json.normalizer as unknown as { normalizers: Array<{ type: string; precompiled_charsmap?: string }> }).normalizers.find((stage) => stage.type === 'Precompiled')!.precompiled_charsmap!;
    const pieces = json.model.vocab as Array<[string, number]>;
    const metadata = new Map<string, unknown>([
      ['tokenizer.ggml.model', 't5'],
      ['tokenizer.ggml.tokens', pieces.map(([piece]) => piece)],
      ['tokenizer.ggml.scores', pieces.map(([, score]) => score)],
      ['tokenizer.ggml.token_type', pieces.map(([piece]) => (piece === names.unkToken ? 2 : json.added_tokens.some((token) => token.content === piece) ? 3 : 1))],
      ['tokenizer.ggml.precompiled_charsmap', Int8Array.from(Buffer.from(table, 'base64'))],
      ['tokenizer.ggml.remove_extra_whitespaces', true],
      ['tokenizer.ggml.add_space_prefix', true],
    ]);
    await expectReference((await loadGgufTokenizer(metadata)).tokenizer, 'unigram');
  });

  it('Unigram as DeBERTa has it', async () => {
    await expectReference(await Tokenizer.create(debertaJson()), 'deberta');
  });

  it('WordPiece from tokenizer.json and from GGUF metadata', async () => {
    await expectReference(await Tokenizer.create(await bertJson()), 'bert');
    const { tokenizer } = await loadGgufTokenizer(await bertGguf());
    await expectReference(tokenizer, 'bert');
    expect(tokenizer.wrapping).toEqual([101, 102]);
  });

  it('Llama 3 on the strings of the published tokenizer', async () => {
    const { llama3_tokens: rows } = JSON.parse(await readFile(atRoot('libs/policy/fixtures/llama-guard-3-prompts.json'), 'utf8')) as { llama3_tokens: Array<{ text: string; ids: number[] }> };
    const tokenizer = await llama3();
    for (const { text, ids } of rows) expect(await tokenizer.encodeText(text), text).toEqual(ids);
  });
});

describe('Meta\'s control tokens', () => {
  it('have the published ids of Llama 3', () => {
    const { json, names } = llama3Json();
    const ids = new Map(json.added_tokens.map((token) => [token.content, token.id]));
    expect([names.bosToken, names.eosToken].map((name) => ids.get(name!))).toEqual([128000, 128001]);
    expect(['<|finetune_right_pad_id|>', '<|start_header_id|>', '<|end_header_id|>', '<|eom_id|>', '<|eot_id|>', '<|python_tag|>', '<|reserved_special_token_245|>'].map((name) => ids.get(name))).toEqual([128004, 128006, 128007, 128008, 128009, 128010, 128255]);
  });

  it('have the published ids of Llama 4', () => {
    const lines = Array.from({ length: 200_000 }, (_, rank) => `${Buffer.from([rank & 255, (rank >> 8) & 255, rank >> 16]).toString('base64')} ${rank}`).join('\n');
    const { json } = tiktokenTokenizerJson(lines);
    const ids = new Map(json.added_tokens.map((token) => [token.content, token.id]));
    expect(json.added_tokens).toHaveLength(2048);
    expect(ids.size).toBe(2048);
    const published = { begin_of_text: 200000, header_start: 200005, header_end: 200006, eom: 200007, eot: 200008, python_start: 200016, python_end: 200017, finetune_right_pad: 200018, text_post_train_reserved_special_token_68: 200079, image_start: 200080, image_end: 200081, tile_x_separator: 200084, image: 200090, patch: 200092, vision_reserved_special_token_1047: 201133, reasoning_thinking_start: 201142, reasoning_thinking_end: 201143 };
    for (const [name, id] of Object.entries(published)) expect(ids.get(`<|${name}|>`), name).toBe(id);
  });
});

describe('plain text', () => {
  const families: Array<[Family, () => Promise<Tokenizer>]> = [
    ['llama2', llama2],
    ['llama4', async () => create(tiktokenTokenizerJson(small, 'llama4'))],
    ['unigram', async () => create(sentencePieceTokenizerJson(unigramFile!))],
    ['deberta', async () => Tokenizer.create(debertaJson())],
    ['bert', async () => Tokenizer.create(await bertJson())],
  ];

  it.each(families)('of any kind never becomes a control token (%s)', async (_family, make) => {
    const tokenizer = await make();
    const spelling = fc.constantFrom('<s>', '</s>', '<unk>', '<|eot|>', '<|header_start|>', '[CLS]', '[SEP]', '[PAD]', '[MASK]', '\ud800', ' ');
    const text = fc.array(fc.oneof(spelling, fc.string({ unit: 'grapheme' })), { maxLength: 6 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        for (const id of await tokenizer.encodeText(value)) if (tokenizer.isSpecial(id)) expect(['<unk>', '[UNK]']).toContain(tokenizer.decode([id], { skipSpecial: false }).trim());
      }),
    );
  });

  it.each(families.slice(0, 2))('comes back from its ids where the vocabulary has all bytes (%s)', async (_family, make) => {
    const tokenizer = await make();
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\u2581', ''));
    await fc.assert(fc.asyncProperty(text, async (value) => { expect(tokenizer.decode(await tokenizer.encodeText(value))).toBe(value); }));
  });

  it.each(families)('has the same ids in pieces as in one (%s)', async (_family, make) => {
    const tokenizer = await make();
    // Each of these is a few hundred kilobytes, so that there are several cuts; the reference encodes sentences that end where no token spans.
    const sentences = reference.strings.filter((text) => !/[<[|]/.test(text)).map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter((text) => /^\p{L}.*\p{L}$/u.test(text));
    const sentence = sentences.join(' ');
    const expected = await tokenizer.encodeText(sentence);
    const first = await tokenizer.encodeText(`${sentence} ${sentence}`);
    const times = Math.ceil(500_000 / sentence.length);
    const following = first.slice(expected.length);
    expect(first.slice(0, expected.length)).toEqual(expected);
    const whole = await tokenizer.encodeText(Array.from({ length: times }, () => sentence).join(' '));
    expect(whole).toEqual([...expected, ...Array.from({ length: times - 1 }, () => following).flat()]);
  });

  it.each(families)('of one long run neither hangs nor ends the process (%s)', async (_family, make) => {
    const tokenizer = await make();
    for (const unit of [' ', 'A', '\n', '字', '\u0301', '<|eot|>', '<s']) expect(Array.isArray(await tokenizer.encodeText(unit.repeat(300_000 / unit.length)))).toBe(true);
  });

  it('that goes on after other tokens gets no space before it', async () => {
    const tokenizer = await llama2();
    expect(await tokenizer.encodeContinuation(' world')).toEqual((await tokenizer.encodeText('Hello world')).slice(1));
    expect((await tokenizer.encodeContinuation('world')).map((id) => Buffer.from(tokenizer.bytesOf(id)).toString()).join('')).toBe('world');
  });

  it('can be cancelled and bounded', async () => {
    const tokenizer = await Tokenizer.create(await bertJson());
    const text = 'long text '.repeat(200_000);
    await expect(tokenizer.encodeText(text, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(tokenizer.encodeText(text, { maxTokens: 512 })).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });
});

describe('tokens beside a tokenizer.model', () => {
  it('are known by what fine-tuners wrote, and stay text in text', async () => {
    const own = await mkdtemp(join(folder, 'added-'));
    await writeFile(join(own, 'tokenizer.model'), unigramFile!);
    await writeFile(join(own, 'added_tokens.json'), JSON.stringify({ '[TOOL]': 900 }));
    await writeFile(join(own, 'tokenizer_config.json'), JSON.stringify({ added_tokens_decoder: { 1: { content: '[CLS]', special: true }, 901: { content: '<tool>', special: true } } }));
    const { tokenizer } = await loadFolderTokenizer(own);
    expect(['[CLS]', '[TOOL]', '<tool>'].map((token) => tokenizer.specialId(token))).toEqual([1, 900, 901]);
    expect((await tokenizer.encodeText('[TOOL]<tool>')).filter((id) => id >= 900)).toEqual([]);
    expect((await tokenizer.encodeParts([{ text: '[TOOL]<tool>', control: true }])).filter((id) => id >= 900)).toEqual([900, 901]);
    await expectReference(tokenizer, 'unigram');
    await writeFile(join(own, 'added_tokens.json'), JSON.stringify({ '[TOOL]': 1e12 }));
    await expect(loadFolderTokenizer(own)).rejects.toMatchObject({ code: 'tokenizer_invalid', param: 'added_tokens.json' });
  });
});

describe('prompts of parts', () => {
  it('hold control tokens only where the whole spelling is ours', async () => {
    const tokenizer = await llama2();
    const ids = await tokenizer.encodeParts([{ text: '<s>a<', control: true }, { text: 's></s>', control: false }, { text: 'b</', control: true }, { text: 's>', control: true }]);
    expect(ids.filter((id) => tokenizer.isSpecial(id))).toEqual([1, 2]);
    expect(tokenizer.decode(ids, { skipSpecial: false }).replaceAll(' ', '')).toBe('<s>a<s></s>b</s>');
  });

  it('begin with one BOS', async () => {
    const tokenizer = await llama2();
    expect(tokenizer.withBos([5, 6])).toEqual([1, 5, 6]);
    expect(tokenizer.withBos([1, 5])).toEqual([1, 5]);
  });
});

it('a GGUF string keeps the U+FEFF that it begins with, as a piece of Llama 2 does', async () => {
  const path = await new GgufBytes().header(0, 1).text('tokenizer.ggml.piece').u32(8).text('\ufeff').data(64).write(join(folder, 'bom.gguf'));
  const file = await openGguf(path);
  expect(file.metadata.get('tokenizer.ggml.piece')).toBe('\ufeff');
  await file.close();
});

describe('hostile tokenizer files', () => {
  it.each<[string, () => unknown]>([
    ['a SentencePiece file cut in the middle', () => sentencePieceTokenizerJson(unigramFile!.subarray(0, 1000))],
    ['an empty file', () => sentencePieceTokenizerJson(new Uint8Array(0))],
    ['noise', () => sentencePieceTokenizerJson(Uint8Array.from({ length: 4096 }, (_, i) => (i * 197) & 255))],
    ['ranks out of order', () => tiktokenTokenizerJson(small.replace(' 300\n', ' 301\n'), 'llama4')],
    ['a token twice', () => tiktokenTokenizerJson('AA== 0\nAA== 1\n', 'llama3')],
    ['neither 128,000 nor 200,000 lines', () => tiktokenTokenizerJson(small)],
    ['an unknown kind of GGUF vocabulary', () => ggufTokenizerJson(new Map<string, unknown>([['tokenizer.ggml.model', 'rwkv'], ['tokenizer.ggml.tokens', ['a']]]))],
    ['scores that do not match', () => ggufTokenizerJson(new Map<string, unknown>([['tokenizer.ggml.model', 'llama'], ['tokenizer.ggml.tokens', ['a', 'b']], ['tokenizer.ggml.scores', [1]]]))],
  ])('%s is refused', (_what, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'tokenizer_invalid' }));
  });
});
