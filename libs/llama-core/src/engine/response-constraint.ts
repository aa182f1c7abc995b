import { GrammarConstraint } from '../sampling/constraint/grammar-constraint.js';
import { ANY_OBJECT } from '../sampling/constraint/json-grammar.js';
import { schemaGrammar } from '../sampling/constraint/schema-grammar.js';
import type { TokenConstraint } from '../sampling/constraint/token-constraint.js';
import { TokenVocabulary } from '../sampling/constraint/token-vocabulary.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { ResponseFormat } from './engine.js';

const NO_BYTES = new Uint8Array(0);

/** Sorting a vocabulary takes a tenth of a second, so each is sorted once. */
const vocabularies = new WeakMap<Tokenizer, TokenVocabulary>();

/** The constraint that keeps an answer to a format. @throws LlamaCoreError `unsupported_feature` or `invalid_request`, `param` `responseFormat`. */
export function responseConstraint(format: ResponseFormat, tokenizer: Tokenizer, eosTokenIds: ReadonlySet<number>): TokenConstraint {
  const grammar = format.type === 'json_object' ? ANY_OBJECT : schemaGrammar(format.schema);
  let vocabulary = vocabularies.get(tokenizer);
  if (!vocabulary) {
    const bytesOf = (id: number) => (tokenizer.isSpecial(id) || eosTokenIds.has(id) ? NO_BYTES : tokenizer.bytesOf(id));
    vocabulary = new TokenVocabulary({ size: tokenizer.vocabularySize, bytesOf, endIds: eosTokenIds });
    vocabularies.set(tokenizer, vocabulary);
  }
  return new GrammarConstraint(grammar, vocabulary);
}
