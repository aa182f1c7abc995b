export type ScannerName = 'hidden-characters' | 'pii' | 'regex' | 'insecure-code';

/** One thing that a scanner saw, at UTF-16 offsets `[start, end)` of the scanned text. It never holds the text itself. */
export interface Finding {
  scanner: ScannerName;
  /** What it is, in the scanner's own closed set (for `regex` the pattern's id, for `insecure-code` the rule's). */
  kind: string;
  start: number;
  end: number;
  /** 0 to 1: how sure the scanner is. A rule of thumb per kind, not a probability. */
  score: number;
  /** For `insecure-code`: the weakness, as `CWE-89`. */
  cwe?: string;
}

/** A pure function from text to findings, sorted by start. */
export type Scan = (text: string) => Finding[];

/** A hostile text could make millions of findings; past this many the rest of the text is one. */
export const MAX_FINDINGS = 10_000;

/** Kind of the finding that stands for everything after the {@link MAX_FINDINGS}th. */
export const REMAINDER = 'remainder';

/** Collects findings in text order up to {@link MAX_FINDINGS}; what comes later widens one last finding, so that nothing found is lost. */
export class FindingList {
  readonly found: Finding[] = [];

  add(finding: Finding): void {
    if (this.found.length < MAX_FINDINGS) {
      this.found.push(finding);
      return;
    }
    const last = this.found[MAX_FINDINGS - 1] as Finding;
    this.found[MAX_FINDINGS - 1] = { scanner: last.scanner, kind: REMAINDER, start: last.start, end: Math.max(last.end, finding.end), score: Math.max(last.score, finding.score) };
  }
}
