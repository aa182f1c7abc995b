import validator from 'validator';
import type { PiiSearch } from './pii-search.js';

const LOCAL = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const DOMAIN = /[\p{L}\p{N}.-]/u;
/** RFC 5321, section 4.5.3.1. */
const MAX_LOCAL = 64;
const MAX_DOMAIN = 255;
export const EMAIL_CHECKS = 200_000;

/** Addresses around each `@`, as validator.js accepts them. */
export function findEmails(search: PiiSearch): void {
  const { text } = search;
  let taken = 0;
  for (let at = text.indexOf('@'); at >= 0 && !search.exhausted; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > taken && at - start < MAX_LOCAL && LOCAL.test(text[start - 1] as string)) start--;
    let end = at + 1;
    while (end < text.length && end - at <= MAX_DOMAIN && DOMAIN.test(text[end] as string)) end++;
    // What surrounds an address in prose: quotes and brackets before, a full stop after.
    while (start < at && !/[\p{L}\p{N}_]/u.test(text[start] as string)) start++;
    while (end > at + 1 && /[.-]/.test(text[end - 1] as string)) end--;
    const address = text.slice(start, end);
    if (start >= at || !address.includes('.', at - start) || !search.check(start, () => validator.isEmail(address))) continue;
    search.add(start, end, 0.95);
    taken = end;
  }
}
