import type { PiiSearch } from './pii-search.js';

/** Area, group and serial as the Social Security Administration gives them out: never 000, 666 or 9xx, 00, 0000. */
const GROUPED = /(?<![\d-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])/g;
const NAMED = /\b(?:ssn|social security)\b[^0-9\n]{0,24}(?<ssn>(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4})(?!\d)/gi;

/** US social security numbers: grouped by hyphens or spaces, or nine digits after their name. */
export function findUsSsns(search: PiiSearch): void {
  const { text } = search;
  for (const { index, 0: number, 1: separator } of text.matchAll(GROUPED)) search.add(index, index + number.length, separator === '-' ? 0.8 : 0.5);
  for (const { index, 0: whole } of text.matchAll(NAMED)) search.add(index + whole.length - 9, index + whole.length, 0.9);
}
