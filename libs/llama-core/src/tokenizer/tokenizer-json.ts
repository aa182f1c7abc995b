import { LlamaCoreError } from '../errors.js';

/** A token outside the ordinary vocabulary: control tokens such as `<|eot_id|>` and whatever a fine-tune added. */
export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
  normalized?: boolean;
}

export type Merge = string | [string, string];

/** One stage of the pipeline as tokenizer.json writes it; stages nest in `Sequence`. */
export interface TokenizerStage {
  type: string;
  [option: string]: unknown;
}

export interface TokenizerModelJson {
  type?: string;
  vocab: Record<string, number> | Array<[string, number]>;
  merges?: Merge[];
  unk_token?: string | null;
  [option: string]: unknown;
}

/** The parts of Hugging Face's tokenizer.json that this library reads or rewrites. */
export interface TokenizerJson {
  version?: string;
  truncation: unknown;
  padding: unknown;
  added_tokens: AddedToken[];
  normalizer: TokenizerStage | null;
  pre_tokenizer: TokenizerStage | null;
  post_processor: TokenizerStage | null;
  decoder: TokenizerStage | null;
  model: TokenizerModelJson;
}

/** Checks the shape that the rest relies on; throws `tokenizer_invalid`. */
export function parseTokenizerJson(text: string, file: string): TokenizerJson {
  let json: TokenizerJson;
  try {
    json = JSON.parse(text) as TokenizerJson;
  } catch (cause) {
    throw new LlamaCoreError('tokenizer_invalid', `${file} is not valid JSON.`, { param: file, cause });
  }
  if (typeof json !== 'object' || json === null || typeof json.model !== 'object' || json.model === null || !('vocab' in json.model))
    throw new LlamaCoreError('tokenizer_invalid', `${file} must be an object with a model.vocab.`, { param: file });
  return { ...json, added_tokens: json.added_tokens ?? [], truncation: null, padding: null };
}

const mergeResult = (merge: Merge): string => (typeof merge === 'string' ? merge.replace(' ', '') : merge.join(''));

/**
 * Plain text must never become a control token, even where the model's own vocabulary holds the token's spelling (a Unigram lattice
 * would pick it), so every added token is renamed to a spelling no text can have: two noncharacters around its id.
 */
function withoutControlSpellings(model: TokenizerModelJson, added: readonly AddedToken[]): TokenizerModelJson {
  const spelling = new Map(added.map((token) => [token.content, `\uFDD1${token.id}\uFDD1`]));
  const rename = (piece: string): string => spelling.get(piece) ?? piece;
  const vocab = Array.isArray(model.vocab)
    ? model.vocab.map(([piece, score]): [string, number] => [rename(piece), score])
    : Object.fromEntries(Object.entries(model.vocab).map(([piece, id]) => [rename(piece), id]));
  return {
    ...model,
    vocab,
    ...(model.merges && { merges: model.merges.filter((merge) => !spelling.has(mergeResult(merge))) }),
    ...(typeof model.unk_token === 'string' && { unk_token: rename(model.unk_token) }),
  };
}

const withPrependNever = (stage: TokenizerStage | null, schemes: readonly unknown[]): TokenizerStage | null => {
  if (stage === null) return null;
  if (stage.type === 'Metaspace' && schemes.includes(stage.prepend_scheme)) return { ...stage, prepend_scheme: 'never', add_prefix_space: false };
  const nested = stage.pretokenizers;
  return Array.isArray(nested) ? { ...stage, pretokenizers: nested.map((item) => withPrependNever(item as TokenizerStage, schemes)) } : stage;
};

const withoutPrepend = (stage: TokenizerStage | null): TokenizerStage | null => {
  if (stage === null || stage.type === 'Prepend') return null;
  const nested = stage.normalizers as TokenizerStage[] | undefined;
  return nested ? { ...stage, normalizers: nested.map(withoutPrepend).filter((item) => item !== null) } : stage;
};

/** The same tokenizer without a space before the text. */
export const withoutPrefix = (json: TokenizerJson): TokenizerJson => ({
  ...json,
  normalizer: withoutPrepend(json.normalizer),
  pre_tokenizer: withPrependNever(json.pre_tokenizer, ['always', 'first', undefined]),
});

/**
 * The same tokenizer for plain text only: no added token is recognised and nothing is added around the text.
 * `continuing` is for text that follows a control token, where a `first`-only prefix space must not be added.
 */
export function plainTokenizerJson(json: TokenizerJson, continuing: boolean): TokenizerJson {
  return {
    ...json,
    added_tokens: [],
    post_processor: null,
    model: withoutControlSpellings(json.model, json.added_tokens),
    ...(continuing && { pre_tokenizer: withPrependNever(json.pre_tokenizer, ['first']) }),
  };
}

/** What puts ids around a text, without the vocabulary, which can take a second to build: the ids stand in the post-processor itself. */
export const postProcessorJson = (json: TokenizerJson): TokenizerJson => ({
  ...json,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: { unknown: 0 }, unk_token: 'unknown' },
});

/** True when text after a control token is encoded differently from text at the start. */
export function hasFirstOnlyPrefix(json: TokenizerJson): boolean {
  return JSON.stringify(json.pre_tokenizer)?.includes('"prepend_scheme":"first"') ?? false;
}

/** The same tokenizer with more added tokens; one that is there already is replaced, by its id or by its spelling. */
export function withAddedTokens(json: TokenizerJson, more: readonly AddedToken[]): TokenizerJson {
  const byId = new Map([...json.added_tokens, ...more].map((token) => [token.id, token]));
  const bySpelling = new Map([...byId.values()].map((token) => [token.content, token]));
  return { ...json, added_tokens: [...bySpelling.values()].sort((a, b) => a.id - b.id) };
}

const sequence = (id: 'A' | 'B', type_id: 0 | 1) => ({ Sequence: { id, type_id } });

/** The same tokenizer with BOS before a text; unchanged when it has no such token. */
export function withBos(json: TokenizerJson, content: string): TokenizerJson {
  const bos = json.added_tokens.find((token) => token.content === content);
  if (!bos) return json;
  const single = [{ SpecialToken: { id: content, type_id: 0 } }, sequence('A', 0)];
  return { ...json, post_processor: { type: 'TemplateProcessing', single, pair: [...single, sequence('B', 1)], special_tokens: specialTokens([bos]) } };
}

/** The same tokenizer with one token before and one after a text, as BERT has them; unchanged when it lacks one of them. */
export function withMarkers(json: TokenizerJson, before: string, after: string): TokenizerJson {
  const [first, last] = [before, after].map((content) => json.added_tokens.find((token) => token.content === content));
  if (!first || !last) return json;
  const marker = (content: string, type_id: 0 | 1) => ({ SpecialToken: { id: content, type_id } });
  const single = [marker(before, 0), sequence('A', 0), marker(after, 0)];
  return { ...json, post_processor: { type: 'TemplateProcessing', single, pair: [...single, sequence('B', 1), marker(after, 1)], special_tokens: specialTokens([first, last]) } };
}

const specialTokens = (tokens: readonly AddedToken[]) => Object.fromEntries(tokens.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]));
