const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i;
const NUMBER = /^\d{1,19}(\.\d+)?$/;

/** From what value on a number counts milliseconds, microseconds or nanoseconds: as seconds, each would be after the year 5000. */
const UNITS: ReadonlyArray<[from: number, perMs: number]> = [[1e17, 1e6], [1e14, 1e3], [1e11, 1]];

/** A moment as ISO 8601 in UTC, from ISO 8601 (UTC where it names no zone) or a number since 1970 in seconds or finer; undefined for anything else. */
export function momentOf(value: unknown): string | undefined {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (NUMBER.test(text)) return fromNumber(Number(text));
  const zone = ISO.exec(text);
  if (!zone) return undefined;
  return fromMs(Date.parse(zone[1] === undefined && text.length > 10 ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T')));
}

function fromNumber(value: number): string | undefined {
  if (!(value > 0)) return undefined;
  const unit = UNITS.find(([from]) => value >= from);
  return fromMs(unit ? value / unit[1] : value * 1_000);
}

function fromMs(ms: number): string | undefined {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : undefined;
}
