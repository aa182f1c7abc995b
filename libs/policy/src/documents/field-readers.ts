import { type Direction, SallyportError, type ScreenKind } from '@sallyport/contracts';

export const DIRECTIONS: readonly Direction[] = ['prompt', 'response', 'document', 'tool'];
export const SCREENS: readonly ScreenKind[] = ['guard', 'prompt-guard'];

/** An object of which nothing is known yet. */
export type Fields = Record<string, unknown>;

/** Throws `unprocessable` for the field at fault. */
export const refuse = (param: string, expected: string): never => {
  throw new SallyportError('unprocessable', `${param}: expected ${expected}.`, { param });
};

export const object = (value: unknown, param: string): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : refuse(param, 'an object'));

/** A list of at most `most` items. */
export function list(value: unknown, param: string, most: number): unknown[] {
  if (!Array.isArray(value)) return refuse(param, 'a list');
  return value.length <= most ? value : refuse(param, `at most ${most} items, not ${value.length}`);
}

/** A text of 1 to `most` characters; PostgreSQL and YAML know no NUL, so it has none. */
export const text = (value: unknown, param: string, most = 2_000): string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && !value.includes('\u0000') ? value : refuse(param, `a text of 1 to ${most.toLocaleString('en')} characters`);

export const flag = (value: unknown, param: string): boolean => (typeof value === 'boolean' ? value : refuse(param, 'true or false'));
export const score = (value: unknown, param: string): number => (typeof value === 'number' && value >= 0 && value <= 1 ? value : refuse(param, 'a number from 0 to 1'));
export const oneOf = <T extends string>(value: unknown, allowed: readonly T[], param: string): T => allowed.find((item) => item === value) ?? refuse(param, `one of ${allowed.join(', ')}`);

export const whole = (value: unknown, param: string, least = 1, most = 1_000_000): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : refuse(param, `a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`);

/** Refuses fields that nobody reads: a misspelt one would switch a rule off in silence. */
export function only(fields: Fields, allowed: readonly string[], param: string): void {
  for (const name of Object.keys(fields)) if (!allowed.includes(name)) refuse(pathOf(param, name), `no other fields than ${allowed.join(', ')}`);
}

/** The default of an absent field. A null is not absent: it is a mistake, and refused as one. */
export const or = (value: unknown, fallback: unknown): unknown => (value === undefined ? fallback : value);

/** The path of a field, as far as its name is short and plain: names are typed by others and end up in messages. */
export function pathOf(parent: string, name: string): string {
  if (!/^[\w./:-]{1,64}$/.test(name)) return parent === '' ? 'document' : parent;
  return parent === '' ? name : `${parent}.${name}`;
}

/** The entry without fields that are undefined. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

export const directions = (value: unknown, param: string): Direction[] => [...new Set(list(value, param, DIRECTIONS.length).map((item) => oneOf(item, DIRECTIONS, param)))];

/** An object with one value per direction; none has to be there. */
export function byDirection<T>(value: unknown, param: string, read: (item: unknown, param: string) => T): Partial<Record<Direction, T>> {
  const entries = Object.entries(object(value, param)).map(([name, item]) => [oneOf(name, DIRECTIONS, param), read(item, `${param}.${name}`)]);
  return Object.fromEntries(entries) as Partial<Record<Direction, T>>;
}
