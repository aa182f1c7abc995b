/** One field that differs; `from` or `to` is absent where the field is. */
export interface PolicyDifference {
  path: string;
  from?: unknown;
  to?: unknown;
}

/** What differs between two documents, leaf by leaf, in path order; lists count as a whole. */
export function diffDocuments(from: unknown, to: unknown): PolicyDifference[] {
  return differences(from, to, '').sort((a, b) => (a.path < b.path ? -1 : 1));
}

function differences(from: unknown, to: unknown, path: string): PolicyDifference[] {
  if (isRecord(from) && isRecord(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.flatMap((name) => differences(from[name], to[name], path === '' ? name : `${path}.${name}`));
  }
  if (canonical(from) === canonical(to)) return [];
  return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON with sorted keys: the order of keys means nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item)) ?? 'undefined';
}
