import { type Finding, FindingList, REMAINDER } from '../../finding.js';

/** Kinds of personal data that are looked for; `remainder`: more of it than is worth telling apart. */
export type PiiKind = 'email' | 'phone' | 'payment-card' | 'iban' | 'us-ssn';

/** One search for one kind: collects findings and counts checks by the (slower) validating library. */
export class PiiSearch {
  private readonly list = new FindingList();
  /** True once the checks are used up; the rest of the text is then a finding, since nobody looked at it. */
  exhausted = false;

  constructor(
    readonly text: string,
    private readonly kind: PiiKind,
    private checks: number,
  ) {}

  add(start: number, end: number, score: number): void {
    this.list.add({ scanner: 'pii', kind: this.kind, start, end, score });
  }

  /** Runs `check` while there are checks left; the first one too many ends the search at `start`. */
  check(start: number, check: () => boolean): boolean {
    if (this.exhausted) return false;
    if (this.checks-- > 0) return check();
    this.exhausted = true;
    this.list.add({ scanner: 'pii', kind: REMAINDER, start, end: this.text.length, score: 0.5 });
    return false;
  }

  get found(): Finding[] {
    return this.list.found;
  }
}

const WORD = /[\p{L}\p{N}_]/u;

/** Whether `[start, end)` is not a piece of a longer word or number. */
export const standsAlone = (text: string, start: number, end: number): boolean => !WORD.test(text.charAt(start - 1)) && !WORD.test(text.charAt(end)) && !(/[.,]/.test(text.charAt(start - 1)) && /\d/.test(text.charAt(start - 2)));

export const isDigit = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
};
