import validator from 'validator';
import { type PiiSearch, standsAlone } from './pii-search.js';

const START = /[A-Z]{2}\d{2}/gi;
const COUNTRIES: ReadonlySet<string> = new Set(validator.ibanLocales);
const MAX_CHARACTERS = 34;
const MIN_CHARACTERS = 15;
export const IBAN_CHECKS = 200_000;

/** Account numbers whose country, length and check digits (ISO 13616, mod 97) agree, with or without single spaces or hyphens. */
export function findIbans(search: PiiSearch): void {
  const { text } = search;
  let taken = 0;
  for (const { index, 0: head } of text.matchAll(START)) {
    if (search.exhausted) return;
    if (index < taken || !COUNTRIES.has(head.slice(0, 2).toUpperCase()) || /[A-Za-z0-9]/.test(text.charAt(index - 1))) continue;
    const end = endsFrom(text, index).find((candidate) => standsAlone(text, index, candidate) && search.check(index, () => validator.isIBAN(text.slice(index, candidate))));
    if (end === undefined) continue;
    search.add(index, end, 0.95);
    taken = end;
  }
}

/** Where an account number from `start` may end, the longest first: words that follow it look like more of it. */
function endsFrom(text: string, start: number): number[] {
  const ends: number[] = [];
  let characters = 0;
  for (let at = start; characters < MAX_CHARACTERS && at < text.length; at++) {
    if (!/[A-Za-z0-9]/.test(text[at] as string)) {
      if (!/[ -]/.test(text[at] as string) || !/[A-Za-z0-9]/.test(text.charAt(at + 1))) break;
      continue;
    }
    characters++;
    if (characters >= MIN_CHARACTERS && !/[A-Za-z0-9]/.test(text.charAt(at + 1))) ends.push(at + 1);
  }
  return ends.reverse();
}
