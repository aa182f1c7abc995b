import { cutWords } from '../unicode/english.js';
import { latinEntry } from '../unicode/latin.js';
import { ViewBuilder } from './offset-map.js';
import type { Transformed } from './text-view.js';

/** One letter, digit or leetspeak sign standing alone (not of a script that has no spaces), then what keeps it from the next. */
const CELL = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;
const GAP = /[\s._\-*~|/,+:;·•=]/;
const MAX_GAP = 3;
/** Shorter chains are initials and abbreviations. */
const MIN_LETTERS = 4;
/** Longer chains are put together in parts, which bounds memory. */
const MAX_CELLS = 8192;

/** The text with spaced-out letters (`i g n o r e`, `i.g.n.o.r.e`) put together again: at wider gaps if there are any, else where common English words end. */
export function joinedText(text: string): Transformed {
  let builder: ViewBuilder | undefined;
  let taken = 0;
  for (let at = 0; at < text.length; ) {
    const chain = chainAt(text, at);
    if (chain.cells.length >= MIN_LETTERS && isSpelling(text, chain)) {
      builder ??= new ViewBuilder(text);
      builder.copy(taken, at);
      join(text, chain, builder);
      taken = chain.end;
    }
    at = chain.cells.length > 0 ? chain.end : at + 1;
  }
  builder?.copy(taken, text.length);
  return builder?.finish();
}

interface Chain {
  /** Offsets of single characters. */
  cells: number[];
  end: number;
}

/** The chain that starts at `at` (no letter before it); without one, `cells` is empty, and a longer word is stepped over whole. */
function chainAt(text: string, start: number): Chain {
  const cells: number[] = [];
  let at = start;
  while (cells.length < MAX_CELLS && isCell(text, at) && !isCell(text, at + 1) && !isCell(text, at - 1)) {
    cells.push(at);
    let next = at + 1;
    while (next < text.length && next - at <= MAX_GAP && GAP.test(text[next] as string)) next++;
    if (next === at + 1 || !isCell(text, next) || isCell(text, next + 1)) return { cells, end: at + 1 };
    at = next;
  }
  return { cells, end: at };
}

const isCell = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  if (unit < 0x80) return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 64 || unit === 36;
  return unit >= 0x80 && CELL.test(text[at] as string);
};

/** Letters, not a table of numbers, and not one letter again and again. */
function isSpelling(text: string, { cells }: Chain): boolean {
  const letters = cells.filter((at) => /\p{L}/u.test(text[at] as string));
  return letters.length >= 3 && letters.length * 2 >= cells.length && new Set(letters.slice(0, 64).map((at) => text[at])).size > 1;
}

function join(text: string, { cells }: Chain, builder: ViewBuilder): void {
  const gaps = cells.slice(1).map((at, index) => text.slice((cells[index] as number) + 1, at));
  const narrowest = gaps.reduce((least, gap) => Math.min(least, gap.length), MAX_GAP);
  const punctuated = gaps.some((gap) => !/\s/.test(gap));
  const wide = gaps.map((gap) => gap.includes('\n') || gap.length > narrowest || (punctuated && /^\s+$/.test(gap)));
  const breaks = wide.includes(true) ? wide : cutBreaks(cells.map((at) => latinLetter(text[at] as string)).join(''));
  cells.forEach((at, index) => {
    builder.copy(at, at + 1);
    if (breaks[index]) builder.put(' ', at + 1, cells[index + 1] as number);
  });
}

const latinLetter = (char: string): string => latinEntry(char.charCodeAt(0)).fold.charAt(0) || char;

/** A chain up to this long may be one word that the list lacks. */
const ONE_WORD = 16;

/** True after each letter that ends a word. */
function cutBreaks(letters: string): boolean[] {
  const breaks = new Array<boolean>(letters.length - 1).fill(false);
  const words = cutWords(letters);
  const strange = words.some(({ known, size }) => !known && size > 1);
  if (letters.length <= ONE_WORD && (strange || letters.length < words.length * 3)) return breaks;
  let at = 0;
  for (const { size } of words) {
    at += size;
    if (at < letters.length) breaks[at - 1] = true;
  }
  return breaks;
}
