import { bytes, choice, EMPTY, type Grammar, lazy, literal, optional, repeat, sequence } from './grammar.js';

/** Most digits before and after the point: enough for a double, too few to run on for ever. */
const MOST_DIGITS = 15;
/** Deepest indentation after a line break. */
const MOST_INDENT = 24;

export const QUOTE = literal('"');
export const DIGIT = bytes([0x30, 0x39]);
const SIGN = optional(literal('-'));
const WHOLE = choice(literal('0'), sequence(bytes([0x31, 0x39]), repeat(DIGIT, 0, MOST_DIGITS - 1)));
const EXPONENT = sequence(bytes([0x45, 0x45], [0x65, 0x65]), optional(bytes([0x2b, 0x2b], [0x2d, 0x2d])), repeat(DIGIT, 1, 2));

/** Nothing, a space, or a line break with its indentation: white space of any length would be a way never to end. */
export const SPACE = optional(choice(literal(' '), sequence(literal('\n'), repeat(literal(' '), 0, MOST_INDENT))));
export const COMMA = sequence(literal(','), SPACE);
export const COLON = sequence(literal(':'), SPACE);

export const INTEGER = sequence(SIGN, WHOLE);
export const NUMBER = sequence(SIGN, WHOLE, optional(sequence(literal('.'), repeat(DIGIT, 1, MOST_DIGITS))), optional(EXPONENT));
export const BOOLEAN = choice(literal('true'), literal('false'));
export const NULL = literal('null');

const TAIL = bytes([0x80, 0xbf]);
/** Well-formed UTF-8 sequences (RFC 3629) that stand for themselves in a JSON string: first bytes, then the others. */
const CHARACTERS: ReadonlyArray<{ first: Array<readonly [number, number]>; rest: Grammar }> = [
  { first: [[0x20, 0x21], [0x23, 0x5b], [0x5d, 0x7f]], rest: EMPTY },
  { first: [[0xc2, 0xdf]], rest: TAIL },
  { first: [[0xe0, 0xe0]], rest: sequence(bytes([0xa0, 0xbf]), TAIL) },
  { first: [[0xe1, 0xec], [0xee, 0xef]], rest: sequence(TAIL, TAIL) },
  { first: [[0xed, 0xed]], rest: sequence(bytes([0x80, 0x9f]), TAIL) },
  { first: [[0xf0, 0xf0]], rest: sequence(bytes([0x90, 0xbf]), TAIL, TAIL) },
  { first: [[0xf1, 0xf3]], rest: sequence(TAIL, TAIL, TAIL) },
  { first: [[0xf4, 0xf4]], rest: sequence(bytes([0x80, 0x8f]), TAIL, TAIL) },
];

/** One unescaped character whose first byte is none of `excluded`. */
export function plainCharacter(excluded: readonly number[] = []): Grammar {
  return choice(
    ...CHARACTERS.map(({ first, rest }) => {
      const start = bytes(...first);
      if (start.kind === 'byte') for (const byte of excluded) start.set[byte] = 0;
      return sequence(start, rest);
    }),
  );
}

const HEX = bytes([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
/** Surrogates are left out: half of a pair is no character, and a whole one comes as UTF-8. */
const CODE = choice(sequence(bytes([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]), HEX, HEX, HEX), sequence(bytes([0x44, 0x44], [0x64, 0x64]), bytes([0x30, 0x37]), HEX, HEX));
const ESCAPE = sequence(literal('\\'), choice(bytes(...Array.from('"\\/bfnrt', (character) => [character.charCodeAt(0), character.charCodeAt(0)] as const)), sequence(literal('u'), CODE)));
export const PLAIN = plainCharacter();
const CHARACTER = choice(PLAIN, ESCAPE);

/** A string of so many characters (code points). */
export const stringOf = (least = 0, most = Number.POSITIVE_INFINITY): Grammar => sequence(QUOTE, repeat(CHARACTER, least, most), QUOTE);
export const STRING = stringOf();

/** `open item, item … close` with so many items. */
export function arrayOf(item: Grammar, least = 0, most = Number.POSITIVE_INFINITY): Grammar {
  const filled = sequence(item, repeat(sequence(COMMA, item), Math.max(0, least - 1), most - 1));
  const inner = most < 1 ? EMPTY : least > 0 ? filled : optional(filled);
  return sequence(literal('['), SPACE, inner, SPACE, literal(']'));
}

/** Any JSON value. */
export const ANY: Grammar = lazy(() => choice(ANY_OBJECT, arrayOf(ANY), STRING, NUMBER, BOOLEAN, NULL));
const ANY_MEMBER = sequence(STRING, COLON, ANY);
export const ANY_OBJECT: Grammar = sequence(literal('{'), SPACE, optional(sequence(ANY_MEMBER, repeat(sequence(COMMA, ANY_MEMBER), 0))), SPACE, literal('}'));
