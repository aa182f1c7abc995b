/** A hostile text repeats itself or fills this many places; either way it stays cheap. */
const MAX_REMEMBERED = 20_000;

/** `make`, but once per key for the first keys that come. */
export function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined || known.has(key)) return before as T;
    const made = make(key);
    if (known.size < MAX_REMEMBERED) known.set(key, made);
    return made;
  };
}
