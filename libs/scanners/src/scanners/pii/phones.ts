import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { isDigit, type PiiSearch, standsAlone } from './pii-search.js';

/** ITU-T E.164: at most 15 digits; shorter than 7 is a number within a town or house. */
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;
const DATE = /^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[/.]\d{1,2}[/.]\d{4}/;
export const PHONE_CHECKS = 30_000;

/** Numbers that libphonenumber holds for valid: international ones anywhere, those of `country` when they are written in groups (bare digits are more often something else). */
export function findPhones(search: PiiSearch, country: CountryCode): void {
  const { text } = search;
  for (let at = 0; at < text.length && !search.exhausted; ) {
    if (!isDigit(text, at) && text[at] !== '+' && text[at] !== '(') {
      at++;
      continue;
    }
    const end = phoneEnd(search, at, country);
    if (end > at) search.add(at, end, text[at] === '+' ? 0.9 : 0.7);
    at = end > at ? end : isDigit(text, at) ? groupEnd(text, at) : at + 1;
  }
}

/** End of the longest number that starts at `start`, or `start`. */
function phoneEnd(search: PiiSearch, start: number, country: CountryCode): number {
  const { text } = search;
  const ends = endsFrom(text, start);
  if (ends.length === 0 || DATE.test(text.slice(start, start + 10))) return start;
  return ends.find((end) => standsAlone(text, start, end) && search.check(start, () => isPhone(text.slice(start, end), country))) ?? start;
}

function isPhone(number: string, country: CountryCode): boolean {
  const parsed = parsePhoneNumberFromString(number, number.startsWith('+') ? undefined : country);
  if (!parsed?.isValid()) return false;
  return number.startsWith('+') || parsed.countryCallingCode !== '1' || NORTH_AMERICAN.test(groupsOf(number).join(' '));
}

const groupsOf = (number: string): readonly string[] => number.match(/\d+/g) ?? [];

/** National numbers in one group are something else; in more, or in single digits, tables of numbers. */
const GROUPS = { least: 2, most: 6, digits: 2 } as const;
/** International numbers may be grouped in any way, within reason. */
const INTERNATIONAL_GROUPS = { least: 1, most: 9, digits: 1 } as const;
/** Without a plus, North American numbers count only as they are always written: almost every ten digits would be valid. */
const NORTH_AMERICAN = /^(?:1 )?\d{3} \d{3} ?\d{4}$/;

/** Ends of digit groups within a phone number's length, the longest first. */
function endsFrom(text: string, start: number): number[] {
  const ends: number[] = [];
  const rule = text[start] === '+' ? INTERNATIONAL_GROUPS : GROUPS;
  let digits = 0;
  for (let at = /[+(]/.test(text[start] as string) ? start + 1 : start, group = 1; group <= rule.most; group++) {
    const separator = at;
    while (at - separator < 3 && /[() ./-]/.test(text.charAt(at))) at++;
    if (!isDigit(text, at)) break;
    const end = groupEnd(text, at);
    digits += end - at;
    if (digits > MAX_DIGITS || (group > 1 && end - at < rule.digits)) break;
    if (digits >= MIN_DIGITS && group >= rule.least) ends.push(end);
    at = end;
  }
  return ends.reverse();
}

function groupEnd(text: string, start: number): number {
  let end = start;
  while (end - start <= MAX_DIGITS && isDigit(text, end)) end++;
  return end;
}
