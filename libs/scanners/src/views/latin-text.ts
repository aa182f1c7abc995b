import { WORDS } from '../unicode/english.js';
import { widthAt } from '../unicode/hidden.js';
import { CLASS, latinEntry } from '../unicode/latin.js';
import { ViewBuilder } from './offset-map.js';
import type { Transformed } from './text-view.js';

/** The text with look-alike letters as the ASCII letters that they look like. A text that is simply written in Greek or Cyrillic has no such view. */
export function latinText(text: string): Transformed {
  const habits = habitsOf(text);
  if (!habits) return undefined;
  const builder = new ViewBuilder(text);
  let taken = 0;
  let evidence = 0;
  eachWord(text, (word) => {
    const lookalikes = foldsLookalikes(word, habits);
    if (word.styled === 0 && !(lookalikes && word.lookalike > 0) && !(habits.dense && word.marked > 0)) return;
    for (let at = word.start; at < word.end; ) {
      const width = widthAt(text, at);
      const { kind, fold } = latinEntry(text.codePointAt(at) ?? 0);
      const wanted = kind === CLASS.styled || kind === CLASS.regional || (kind === CLASS.lookalike && lookalikes) || ((kind === CLASS.marked || kind === CLASS.mark) && habits.dense);
      if (wanted) {
        builder.copy(taken, at);
        builder.put(fold, at, at + width);
        taken = at + width;
        if (fold === '' || /[A-Za-z]/.test(fold)) evidence += word.end - word.start > SYMBOL_UNITS ? EVIDENCE : kind === CLASS.styled || kind === CLASS.regional ? 1 : 0;
      }
      at += width;
    }
  });
  if (evidence < EVIDENCE) return undefined;
  builder.copy(taken, text.length);
  return builder.finish();
}

/** One or two letters (µm, Σ, a flag's) may be symbols: they are read, but alone are no reason for a view. Styled ones are, when there are a few. */
const SYMBOL_UNITS = 2;
const EVIDENCE = 4;

/** A run of letters and how many of each class it has. */
interface Word {
  start: number;
  end: number;
  ascii: number;
  styled: number;
  lookalike: number;
  native: number;
  marked: number;
}

interface Habits {
  /** More whole words of look-alikes than words that only their own script can write. */
  disguised: boolean;
  /** Marks on many Latin letters, and without them the words are English. */
  dense: boolean;
}

/** Mixed words always fold (a stray native letter may be among them); whole ones only where the text's own script is a disguise. */
function foldsLookalikes(word: Word, habits: Habits): boolean {
  const latin = word.ascii + word.styled;
  return latin > 0 ? word.native * 4 <= latin + word.lookalike : word.native === 0 && habits.disguised;
}

function habitsOf(text: string): Habits | undefined {
  const seen = { candidates: 0, whole: 0, nativeWords: 0, marked: 0, latin: 0, markedWords: 0, english: 0 };
  eachWord(text, (word) => {
    seen.candidates += word.styled + word.lookalike + word.marked;
    seen.latin += word.ascii + word.styled + word.marked;
    seen.marked += word.marked;
    if (word.marked > 0) {
      seen.markedWords++;
      if (isEnglish(text, word)) seen.english++;
    }
    if (word.native > 0) seen.nativeWords++;
    else if (word.lookalike > SYMBOL_UNITS && word.ascii + word.styled === 0) seen.whole++;
  });
  if (seen.candidates === 0) return undefined;
  return { disguised: seen.whole > seen.nativeWords, dense: seen.marked >= EVIDENCE && seen.marked * 8 > seen.latin && seen.english * 3 > seen.markedWords };
}

const LONGEST_WORD = 64;

function isEnglish(text: string, { start, end }: Word): boolean {
  if (end - start <= SYMBOL_UNITS || end - start > LONGEST_WORD) return false;
  const plain = Array.from(text.slice(start, end), (char) => {
    const { kind, fold } = latinEntry(char.codePointAt(0) ?? 0);
    return kind === CLASS.ascii ? char : fold;
  });
  return WORDS.has(plain.join('').toLowerCase());
}

/** Calls `visit` for each run of letters and marks. */
function eachWord(text: string, visit: (word: Word) => void): void {
  const flags = flagFinder(text);
  for (let at = 0; at < text.length; ) {
    const word: Word = { start: at, end: at, ascii: 0, styled: 0, lookalike: 0, native: 0, marked: 0 };
    while (at < text.length && countAt(text, at, word, flags)) at += widthAt(text, at);
    word.end = at;
    if (word.end > word.start) visit(word);
    else at += widthAt(text, at);
  }
}

/** Adds the character at `at` to the word; false when it is none of a word's. */
function countAt(text: string, at: number, word: Word, isFlag: (at: number) => boolean): boolean {
  const { kind } = latinEntry(text.codePointAt(at) ?? 0);
  if (kind === CLASS.other || (kind === CLASS.regional && isFlag(at))) return false;
  if (kind === CLASS.ascii) word.ascii++;
  else if (kind === CLASS.styled || kind === CLASS.regional) word.styled++;
  else if (kind === CLASS.lookalike) word.lookalike++;
  else if (kind === CLASS.native) word.native++;
  else word.marked++;
  return true;
}

/** Tells of regional indicators, asked from left to right, whether they are flags: a run of pairs that all name a region. Any others spell. */
function flagFinder(text: string): (at: number) => boolean {
  let end = 0;
  let flags = false;
  return (at) => {
    if (at < end) return flags;
    for (end = at; isRegional(text, end); ) end += 2;
    flags = (end - at) % 4 === 0;
    for (let pair = at; flags && pair < end; pair += 4) flags = isRegion(letterAt(text, pair) + letterAt(text, pair + 2));
    return flags;
  };
}

const letterAt = (text: string, at: number): string => latinEntry(text.codePointAt(at) ?? 0).fold;
const isRegional = (text: string, at: number): boolean => at < text.length && latinEntry(text.codePointAt(at) ?? 0).kind === CLASS.regional;
const REGION_NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const regions = new Map<string, boolean>();

function isRegion(code: string): boolean {
  const known = regions.get(code) ?? REGION_NAMES.of(code) !== undefined;
  regions.set(code, known);
  return known;
}
