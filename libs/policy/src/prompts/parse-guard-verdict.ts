import { getTaxonomy } from '../taxonomies/registry.js';
import { type LlamaGuardVersion, taxonomyOf } from './llama-guard-version.js';

/** What a Llama Guard answered. Anything that is not clearly one of its two verdicts is `indeterminate`, never safe. */
export type GuardVerdict =
  | { verdict: 'safe' }
  | { verdict: 'unsafe'; codes: string[]; unknown: string[] }
  | { verdict: 'indeterminate'; reason: 'empty' | 'no_verdict' | 'safe_with_more' };

/** Control tokens that a decoder may have left at an answer's end. */
const END_OF_TURN = /(?:\s|<\|(?:eot_id|eom_id|end_of_text|eot|eom)\|>|<\/s>)+$/;
const MAX_UNKNOWN = 16;
const CODE = /^[A-Za-z][A-Za-z_-]{0,15}\d{1,4}$/;

/**
 * Reads an answer: spaces, letter case and the separators of codes do not matter; text below the line of codes is ignored. `unsafe` without codes
 * is unsafe without a category. Codes outside `active` come back as `unknown`, at most 16; other words, which may be a user's, do not.
 */
export function parseGuardVerdict(answer: string, active: readonly string[]): GuardVerdict {
  const text = withoutEnd(answer).trim();
  if (text === '') return { verdict: 'indeterminate', reason: 'empty' };
  if (/^safe$/i.test(text)) return { verdict: 'safe' };
  if (/^safe\b/i.test(text)) return { verdict: 'indeterminate', reason: 'safe_with_more' };
  const unsafe = /^unsafe(?![\p{L}\p{N}_])[^\S\n]*[:,;.]?/iu.exec(text);
  if (!unsafe) return { verdict: 'indeterminate', reason: 'no_verdict' };
  const line = text.slice(unsafe[0].length).trimStart().split(/[\r\n]/, 1)[0]!;
  return { verdict: 'unsafe', ...readCodes(line, active) };
}

/** The canonical ids of codes of a version; codes it does not have are skipped. */
export function canonicalIds(version: LlamaGuardVersion, codes: readonly string[]): string[] {
  const { categories } = getTaxonomy(taxonomyOf(version));
  return codes.flatMap((code) => categories.find((category) => category.code === code)?.canonicalId ?? []);
}

/** Only the last 256 characters are searched for the end, so that a long answer costs nothing. */
function withoutEnd(answer: string): string {
  const from = Math.max(0, answer.length - 256);
  return answer.slice(0, from) + answer.slice(from).replace(END_OF_TURN, '');
}

function readCodes(line: string, active: readonly string[]): { codes: string[]; unknown: string[] } {
  const byName = new Map(active.map((code) => [code.toLowerCase(), code]));
  const codes = new Set<string>();
  const unknown = new Set<string>();
  for (const word of line.split(/[,;|\s]+/).map((item) => item.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')).filter((item) => item !== '')) {
    const code = byName.get(word.toLowerCase());
    if (code !== undefined) codes.add(code);
    else if (unknown.size < MAX_UNKNOWN && CODE.test(word)) unknown.add(word);
  }
  return { codes: [...codes], unknown: [...unknown] };
}
