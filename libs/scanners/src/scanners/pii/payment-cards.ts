import validator from 'validator';
import { isDigit, type PiiSearch, standsAlone } from './pii-search.js';

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
/** Digits of the first group at least. */
const FIRST_GROUP = 4;
export const CARD_CHECKS = 500_000;

/** Numbers of 13 to 19 digits, in one piece or in groups parted by single spaces or hyphens, that fit a card brand and its Luhn digit. */
export function findPaymentCards(search: PiiSearch): void {
  const { text } = search;
  for (let at = 0; at < text.length && !search.exhausted; ) {
    if (!isDigit(text, at)) {
      at++;
      continue;
    }
    const end = longestCard(search, at);
    if (end > at) search.add(at, end, end - at > MAX_DIGITS || /[ -]/.test(text.slice(at, end)) ? 0.95 : 0.8);
    at = end > at ? end : groupEnd(text, at);
  }
}

/** How cards are printed: in one piece, in fours with a shorter or longer rest, or 4-6-4 and 4-6-5. Other groupings are other numbers side by side. */
const LAYOUT = /^(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5})$/;

/** End of the longest card that starts at `start`, or `start`. */
function longestCard(search: PiiSearch, start: number): number {
  const { text } = search;
  let longest = start;
  let digits = 0;
  for (let at = start; isDigit(text, at); ) {
    const end = groupEnd(text, at, MAX_DIGITS + 1);
    digits += end - at;
    if (digits < FIRST_GROUP) break;
    if (digits > MAX_DIGITS) break;
    if (digits >= MIN_DIGITS && isCard(search, start, end)) longest = end;
    if (!/[ -]/.test(text.charAt(end))) break;
    at = end + 1;
  }
  return longest;
}

function isCard(search: PiiSearch, start: number, end: number): boolean {
  const number = search.text.slice(start, end);
  return LAYOUT.test(number) && standsAlone(search.text, start, end) && search.check(start, () => validator.isCreditCard(number));
}

function groupEnd(text: string, start: number, most = Number.POSITIVE_INFINITY): number {
  let end = start;
  while (end - start < most && isDigit(text, end)) end++;
  return end;
}
