const MOST_NAMED = 40;

/** Names of columns as a message may repeat them: a header that is missing makes the first row's texts look like names, so only what looks like one is said. */
export function sayColumns(columns: readonly string[]): string {
  const named = columns.slice(0, MOST_NAMED).map(sayColumn);
  const rest = columns.length - named.length;
  return `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function sayColumn(name: string, index: number): string {
  return /^[\p{L}_$][\p{L}\p{N}_.$-]*( [\p{L}\p{N}_.$-]+){0,3}$/u.test(name) && name.length <= 40 ? name : `#${index + 1}`;
}
