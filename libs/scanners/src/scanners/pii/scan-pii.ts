import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/max';
import { type Finding, REMAINDER } from '../../finding.js';
import { ScannerError } from '../../scanner-error.js';
import { EMAIL_CHECKS, findEmails } from './emails.js';
import { findIbans, IBAN_CHECKS } from './ibans.js';
import { CARD_CHECKS, findPaymentCards } from './payment-cards.js';
import { findPhones, PHONE_CHECKS } from './phones.js';
import { type PiiKind, PiiSearch } from './pii-search.js';
import { findUsSsns } from './us-ssns.js';

export interface PiiOptions {
  /** Kinds to look for; all when absent. */
  kinds?: readonly PiiKind[];
  /** ISO 3166 code of the country whose national phone numbers count; `US` when absent. */
  country?: string;
}

/** Where two overlap, the earlier of this list stands: each is harder to be by chance than those after it. */
export const PII_KINDS: readonly PiiKind[] = ['email', 'iban', 'payment-card', 'us-ssn', 'phone'];

/** Finds personal data in `text`. Where there is more than can be checked in bounded time, the rest of the text is one finding of kind `remainder`. */
export function scanPii(text: string, { kinds = PII_KINDS, country = 'US' }: PiiOptions = {}): Finding[] {
  if (!isSupportedCountry(country)) throw new ScannerError('invalid_options', 'expected an ISO 3166 country code in capital letters, which libphonenumber knows');
  const found = PII_KINDS.filter((kind) => kinds.includes(kind)).map((kind) => search(text, kind, country));
  return withoutOverlaps(found);
}

const CHECKS: Readonly<Record<PiiKind, number>> = { email: EMAIL_CHECKS, iban: IBAN_CHECKS, 'payment-card': CARD_CHECKS, 'us-ssn': 0, phone: PHONE_CHECKS };

function search(text: string, kind: PiiKind, country: CountryCode): Finding[] {
  const looking = new PiiSearch(text, kind, CHECKS[kind]);
  if (kind === 'email') findEmails(looking);
  else if (kind === 'iban') findIbans(looking);
  else if (kind === 'payment-card') findPaymentCards(looking);
  else if (kind === 'us-ssn') findUsSsns(looking);
  else findPhones(looking, country);
  return looking.found.sort((one, other) => one.start - other.start);
}

/** Merges lists that are each in order; a finding that touches one of an earlier list goes (a remainder stays: it covers what nobody looked at). */
function withoutOverlaps(lists: readonly Finding[][]): Finding[] {
  let kept: Finding[] = [];
  for (const list of lists) {
    const free: Finding[] = [];
    let at = 0;
    for (const finding of list) {
      while (at < kept.length && (kept[at] as Finding).end <= finding.start) at++;
      const next = kept[at];
      if (!next || next.start >= finding.end || finding.kind === REMAINDER || next.kind === REMAINDER) free.push(finding);
    }
    kept = kept.concat(free).sort((one, other) => one.start - other.start || other.end - one.end);
  }
  return kept;
}
