/** What kind of invisible a character is. `format`: deprecated, interlinear, mathematical or musical controls; `filler`: blank letters; `control`: C0 and C1 other than tab and line ends. */
export type HiddenKind = 'zero-width' | 'tag' | 'variation-selector' | 'bidi' | 'soft-hyphen' | 'filler' | 'format' | 'control';

/** A run of invisible characters of one kind at `[start, end)`; `ordinary` when the text needs it there (an emoji's selector, a Persian non-joiner). */
export interface HiddenRun {
  kind: HiddenKind;
  start: number;
  end: number;
  ordinary: boolean;
}

/** Ranges of Unicode 16's Default_Ignorable_Code_Point, plus controls and blanks that render as nothing. */
const RANGES: ReadonlyArray<[first: number, last: number, kind: HiddenKind]> = [
  [0x00, 0x08, 'control'], [0x0e, 0x1f, 'control'], [0x7f, 0x84, 'control'], [0x86, 0x9f, 'control'],
  [0xad, 0xad, 'soft-hyphen'], [0x34f, 0x34f, 'format'], [0x61c, 0x61c, 'bidi'], [0x115f, 0x1160, 'filler'], [0x17b4, 0x17b5, 'filler'],
  [0x180b, 0x180d, 'variation-selector'], [0x180e, 0x180e, 'zero-width'], [0x180f, 0x180f, 'variation-selector'],
  [0x200b, 0x200d, 'zero-width'], [0x200e, 0x200f, 'bidi'], [0x202a, 0x202e, 'bidi'], [0x2060, 0x2060, 'zero-width'], [0x2061, 0x2065, 'format'], [0x2066, 0x2069, 'bidi'], [0x206a, 0x206f, 'format'],
  [0x2800, 0x2800, 'filler'], [0x3164, 0x3164, 'filler'], [0xfe00, 0xfe0f, 'variation-selector'], [0xfeff, 0xfeff, 'zero-width'], [0xffa0, 0xffa0, 'filler'], [0xfff0, 0xfffb, 'format'],
  [0x1d173, 0x1d17a, 'format'], [0xe0000, 0xe007f, 'tag'], [0xe0080, 0xe00ff, 'format'], [0xe0100, 0xe01ef, 'variation-selector'], [0xe01f0, 0xe0fff, 'format'],
];

/** One byte per BMP code unit: 0 visible, 1 + index into {@link RANGES}, or ASTRAL for a high surrogate that may begin a hidden character. */
const ASTRAL = 255;
const TABLE = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(0x10000);
  RANGES.forEach(([first, last], index) => {
    if (first < 0x10000) table.fill(index + 1, first, last + 1);
  });
  for (const high of [0xd834, 0xdb40, 0xdb41, 0xdb42, 0xdb43]) table[high] = ASTRAL;
  return table;
}

/** Kind of the code point at `at`, or undefined when it is visible. */
export function hiddenKindAt(text: string, at: number): HiddenKind | undefined {
  const entry = TABLE[text.charCodeAt(at)];
  if (entry === undefined || entry === 0) return undefined;
  if (entry !== ASTRAL) return RANGES[entry - 1]?.[2];
  const point = text.codePointAt(at) ?? 0;
  return point < 0x10000 ? undefined : RANGES.find(([first, last]) => point >= first && point <= last)?.[2];
}

/** Calls `visit` for every run of invisible characters, in order. Linear; allocates one object per run. */
export function eachHidden(text: string, visit: (run: HiddenRun) => void): void {
  const rightToLeft = RIGHT_TO_LEFT.test(text);
  for (let at = 0; at < text.length; ) {
    const kind = TABLE[text.charCodeAt(at)] === 0 ? undefined : hiddenKindAt(text, at);
    if (!kind) {
      at++;
      continue;
    }
    let end = at + widthAt(text, at);
    while (end < text.length && hiddenKindAt(text, end) === kind) end += widthAt(text, end);
    visit({ kind, start: at, end, ordinary: isOrdinary(text, { kind, start: at, end }, rightToLeft) });
    at = end;
  }
}

/** UTF-16 length of the code point at `at`. */
export const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const PICTOGRAPH = /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f|\u20e3)$/u;
const SELECTABLE = /^(?:[\p{Extended_Pictographic}#*0-9]|[\p{Sm}\p{So}\p{Sk}\p{Po}])$/u;
const JOINING = /^[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Mongolian}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]$/u;
const UNSPACED = /^[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u;
const LATIN = /^[\p{Script=Latin}\p{Nd}]$/u;
const FLAG_TAGS = new Set(['gbeng', 'gbsct', 'gbwls']);

function isOrdinary(text: string, { kind, start, end }: Omit<HiddenRun, 'ordinary'>, rightToLeft: boolean): boolean {
  if (kind === 'tag') return isFlag(text, start, end);
  if (end - start > widthAt(text, start)) return false;
  const before = pointBefore(text, start);
  const after = end < text.length ? String.fromCodePoint(text.codePointAt(end) ?? 0) : '';
  const point = text.codePointAt(start) ?? 0;
  switch (kind) {
    case 'variation-selector':
      if (point >= 0xe0100 || (point >= 0xfe00 && point <= 0xfe02)) return /^\p{Script=Han}$/u.test(before) || (point < 0xe0100 && /^[\p{Sm}\p{Script=Myanmar}]$/u.test(before));
      return point >= 0xfe0e ? SELECTABLE.test(before) : /^\p{Script=Mongolian}$/u.test(before);
    case 'zero-width':
      if (point === 0xfeff) return start === 0;
      if (point === 0x200d && PICTOGRAPH.test(before) && /^\p{Extended_Pictographic}$/u.test(after)) return true;
      if (point === 0x200b) return UNSPACED.test(before) || UNSPACED.test(after);
      return (point === 0x200c || point === 0x200d || point === 0x180e) && JOINING.test(before);
    case 'bidi':
      // Overrides (U+202D, U+202E) reorder what is shown and have no everyday use.
      return rightToLeft && point !== 0x202d && point !== 0x202e && !(LATIN.test(before) && LATIN.test(after));
    case 'filler':
      return point === 0x2800 ? /^[\u2800-\u28ff]$/.test(before) || /^[\u2800-\u28ff]$/.test(after) : false;
    default:
      return false;
  }
}

function pointBefore(text: string, at: number): string {
  if (at === 0) return '';
  const low = text.charCodeAt(at - 1);
  const wide = at > 1 && low >= 0xdc00 && low <= 0xdfff;
  return text.slice(wide ? at - 2 : at - 1, at);
}

/** England, Scotland and Wales: a black flag, tag letters, the cancel tag. */
function isFlag(text: string, start: number, end: number): boolean {
  if (pointBefore(text, start) !== '\u{1f3f4}' || end - start !== 12 || text.codePointAt(end - 2) !== 0xe007f) return false;
  return FLAG_TAGS.has(tagText(text, start, end));
}

/** The ASCII that a run of tag characters spells; the begin and cancel tags spell nothing. */
export function tagText(text: string, start: number, end: number): string {
  let spelled = '';
  for (let at = start; at < end; at += 2) {
    const point = (text.codePointAt(at) ?? 0) - 0xe0000;
    if (point >= 0x20 && point < 0x7f) spelled += String.fromCharCode(point);
  }
  return spelled;
}

/** Bytes 0 to 255 that variation selectors stand for (VS1–VS16, then VS17–VS256), or undefined for another character. */
export function selectorByte(point: number): number | undefined {
  if (point >= 0xfe00 && point <= 0xfe0f) return point - 0xfe00;
  return point >= 0xe0100 && point <= 0xe01ef ? point - 0xe0100 + 16 : undefined;
}
