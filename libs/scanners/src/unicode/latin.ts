import { CONFUSABLES, STROKED } from './confusables.js';

/** What a character is to a reader of Latin script. `styled`: a Latin letter in costume (full width, mathematical, enclosed, small capital); `lookalike`: a letter of another script; `marked`: a Latin letter with marks; `native`: a letter that looks like no Latin one. */
export const CLASS = { other: 0, ascii: 1, styled: 2, lookalike: 3, native: 4, marked: 5, mark: 6, regional: 7 } as const;
export type LatinClass = (typeof CLASS)[keyof typeof CLASS];

interface Entry {
  kind: LatinClass;
  /** ASCII reading, for `styled`, `lookalike`, `marked` and `regional`; at most three characters. */
  fold: string;
}

const OTHER: Entry = { kind: CLASS.other, fold: '' };
const ASCII: Entry = { kind: CLASS.ascii, fold: '' };
const bmp: Array<Entry | undefined> = new Array(0x10000);
const astral = new Map<number, Entry>();
/** Beyond the BMP only this many entries are kept: a hostile text could name a million. */
const MAX_ASTRAL = 8192;

/** Class and ASCII reading of one code point. */
export function latinEntry(point: number): Entry {
  if (point < 0x10000) {
    const known = bmp[point] ?? classify(point);
    bmp[point] = known;
    return known;
  }
  const known = astral.get(point) ?? classify(point);
  if (astral.size < MAX_ASTRAL) astral.set(point, known);
  return known;
}

/** Enclosed letters: first code point of 26, first letter. */
const ENCLOSED: ReadonlyArray<[first: number, letter: string]> = [[0x249c, 'a'], [0x24b6, 'A'], [0x24d0, 'a'], [0x1f110, 'A'], [0x1f130, 'A'], [0x1f150, 'A'], [0x1f170, 'A']];
const REGIONAL = 0x1f1e6;

function classify(point: number): Entry {
  if (point < 0x80) return /[A-Za-z]/.test(String.fromCharCode(point)) ? ASCII : OTHER;
  if (point >= 0xd800 && point <= 0xdfff) return OTHER;
  const enclosed = ENCLOSED.find(([first]) => point >= first && point < first + 26);
  if (enclosed) return { kind: CLASS.styled, fold: String.fromCharCode(enclosed[1].charCodeAt(0) + point - enclosed[0]) };
  if (point >= REGIONAL && point < REGIONAL + 26) return { kind: CLASS.regional, fold: String.fromCharCode(0x41 + point - REGIONAL) };
  return classifyLetter(String.fromCodePoint(point));
}

function classifyLetter(char: string): Entry {
  // Strokes through a letter are no language's.
  if (/[\u0334-\u0338]/.test(char)) return { kind: CLASS.styled, fold: '' };
  if (/[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]/.test(char)) return { kind: CLASS.mark, fold: '' };
  const looks = CONFUSABLES.get(char);
  if (looks) return { kind: /\p{Script=Latin}/u.test(char) ? CLASS.styled : CLASS.lookalike, fold: looks };
  if (!/[\p{L}\p{Nd}\p{Nl}\p{M}]/u.test(char) || char === 'ª' || char === 'º') return OTHER;
  const stroked = STROKED.get(char);
  if (stroked) return { kind: CLASS.marked, fold: stroked };
  const plain = Array.from(char.normalize('NFKC'), (part) => CONFUSABLES.get(part) ?? part).join('');
  if (plain.length <= 3 && /^[A-Za-z0-9]+$/.test(plain)) return { kind: CLASS.styled, fold: plain };
  const base = char.normalize('NFKD').replace(/\p{M}/gu, '');
  if (/^[A-Za-z]$/.test(base)) return { kind: CLASS.marked, fold: base };
  const looksBase = CONFUSABLES.get(base);
  if (looksBase) return { kind: CLASS.lookalike, fold: looksBase };
  return /[\p{L}\p{M}]/u.test(char) ? { kind: CLASS.native, fold: '' } : OTHER;
}
