import type { eld } from 'eld/medium';
import { type AuditRow, isFlagged } from './audit-row.js';

/** Letters below which a guess would be one. */
const FEWEST_LETTERS = 24;
/** Enough to tell a language by. */
const MOST_CHARS = 600;
const LETTERS = /\p{L}/gu;
/** Scripts without spaces say as much with fewer signs. */
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

/** Lines in one language (ISO 639-1; `unknown` where the text is short or the guess unsure). */
export interface LanguageCount {
  language: string;
  lines: number;
  flagged: number;
}

/** Tells the language of a text. */
export type LanguageDetector = typeof eld;

/** Loaded when the first report needs it: its tables take 70 MB of heap and most of a second. */
export const loadLanguageDetector = async (): Promise<LanguageDetector> => (await import('eld/medium')).eld;

/** The language of a text as ISO 639-1, or `unknown`. */
function languageOf(text: string, detector: LanguageDetector): string {
  const head = text.slice(0, MOST_CHARS);
  const letters = head.match(LETTERS)?.length ?? 0;
  if (letters < (DENSE.test(head) ? FEWEST_LETTERS / 4 : FEWEST_LETTERS)) return 'unknown';
  const guess = detector.detect(head);
  return guess.language !== '' && guess.isReliable() ? guess.language : 'unknown';
}

/** Counts lines by language. */
export class LanguageTally {
  private readonly counts = new Map<string, { lines: number; flagged: number }>();

  constructor(private readonly detector: LanguageDetector) {}

  add({ result, text }: AuditRow): void {
    if (text === '') return;
    const language = languageOf(text, this.detector);
    const count = this.counts.get(language) ?? { lines: 0, flagged: 0 };
    count.lines += 1;
    count.flagged += Number(isFlagged(result));
    this.counts.set(language, count);
  }

  report(): LanguageCount[] {
    return [...this.counts].map(([language, count]) => ({ language, ...count })).sort((a, b) => b.lines - a.lines || a.language.localeCompare(b.language));
  }
}
