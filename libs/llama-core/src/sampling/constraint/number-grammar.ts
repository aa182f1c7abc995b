import { bytes, choice, EMPTY, type Grammar, literal, repeat, sequence } from './grammar.js';
import { DIGIT } from './json-grammar.js';

/** Largest number that is written where a schema names a bound: 15 digits, which a double holds exactly. */
const LARGEST = 10 ** 15 - 1;

/** With at most nine digits before the point and six behind it no number is rounded across a bound. */
const LARGEST_WITH_FRACTION = 10 ** 9 - 1;
const FRACTION = sequence(literal('.'), repeat(DIGIT, 1, 6));

/** What a schema says of a number's size. */
export interface NumberBounds {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** Whole numbers within bounds; undefined when there is none. */
export function integerWithin(bounds: NumberBounds): Grammar | undefined {
  const least = Math.max(Math.ceil(bounds.minimum ?? -LARGEST), above(bounds.exclusiveMinimum), -LARGEST);
  const most = Math.min(Math.floor(bounds.maximum ?? LARGEST), below(bounds.exclusiveMaximum), LARGEST);
  return either([...wholes(Math.max(0, least), most), ...negative(wholes(Math.max(1, -most), -least))]);
}

/** Numbers within bounds that are whole, or whose whole part leaves room for every fraction; undefined when there is none such. */
export function numberWithin(bounds: NumberBounds): Grammar | undefined {
  const { minimum = -LARGEST, maximum = LARGEST, exclusiveMinimum, exclusiveMaximum } = bounds;
  const low = Math.max(Math.ceil(minimum), above(exclusiveMinimum), -LARGEST);
  const high = Math.min(Math.floor(maximum), below(exclusiveMaximum), LARGEST);
  // With a fraction a number may come up to the next whole one, which an exclusive bound may be.
  const ceiling = Math.min(Math.floor(maximum), Math.floor(exclusiveMaximum ?? LARGEST), LARGEST_WITH_FRACTION) - 1;
  const floor = Math.max(Math.ceil(minimum), Math.ceil(exclusiveMinimum ?? -LARGEST), -LARGEST_WITH_FRACTION) + 1;
  const fractions = (grammars: Grammar[]) => grammars.map((whole) => sequence(whole, FRACTION));
  return either([
    ...wholes(Math.max(0, low), high),
    ...negative(wholes(Math.max(1, -high), -low)),
    ...fractions(wholes(Math.max(0, low), ceiling)),
    ...negative(fractions(wholes(Math.max(0, -high), -floor))),
  ]);
}

const above = (bound: number | undefined): number => (bound === undefined ? Number.NEGATIVE_INFINITY : Math.floor(bound) + 1);
const below = (bound: number | undefined): number => (bound === undefined ? Number.POSITIVE_INFINITY : Math.ceil(bound) - 1);

const either = (options: Grammar[]): Grammar | undefined => (options.length === 0 ? undefined : choice(...options));
const negative = (options: Grammar[]): Grammar[] => (options.length === 0 ? [] : [sequence(literal('-'), choice(...options))]);

/** Digits of the whole numbers from `least` ≥ 0 to `most`, one grammar per number of digits. */
function wholes(least: number, most: number): Grammar[] {
  const options: Grammar[] = [];
  for (let digits = 1; digits <= 15; digits++) {
    const from = Math.max(least, digits === 1 ? 0 : 10 ** (digits - 1));
    const to = Math.min(most, 10 ** digits - 1);
    if (from <= to) options.push(between(String(from), String(to)));
  }
  return options;
}

const digit = (from: number, to: number): Grammar => bytes([0x30 + from, 0x30 + to]);
const anyDigits = (count: number): Grammar => repeat(DIGIT, count, count);

/** Digit strings of one length from `low` to `high`; an absent end is open. */
function between(low: string | undefined, high: string | undefined): Grammar {
  const length = (low ?? high ?? '').length;
  if (length === 0) return EMPTY;
  if (low === undefined && high === undefined) return anyDigits(length);
  const [first, last] = [Number(low?.[0] ?? 0), Number(high?.[0] ?? 9)];
  const [lowRest, highRest] = [low?.slice(1), high?.slice(1)];
  if (low !== undefined && high !== undefined && first === last) return sequence(digit(first, first), between(lowRest, highRest));
  const options: Grammar[] = [];
  if (low !== undefined) options.push(sequence(digit(first, first), between(lowRest, undefined)));
  if (high !== undefined) options.push(sequence(digit(last, last), between(undefined, highRest)));
  const [from, to] = [low === undefined ? first : first + 1, high === undefined ? last : last - 1];
  if (from <= to) options.push(sequence(digit(from, to), anyDigits(length - 1)));
  return choice(...options);
}

