import { runInNewContext } from 'node:vm';
import { LlamaCoreError } from '../errors.js';

/** Regular expressions out of a file may take exponential time; so all of a field get this long together. */
const TIMEOUT_MS = 300;

/** For each name the number of the first expression that matches it; runs apart, so that it can be stopped. */
const SCRIPT = `
const [sources, names] = JSON.parse(input);
const expressions = sources.map((source) => new RegExp(source));
JSON.stringify(names.map((name) => expressions.findIndex((expression) => expression.test(name))))`;

/**
 * Which of several Python expressions is the first to match each name. `field` is named when one is no expression, or all are too slow together.
 * @throws LlamaCoreError `adapter_invalid`
 */
export function firstMatches(patterns: readonly string[], names: readonly string[], field: string): Map<string, number> {
  if (patterns.length === 0 || names.length === 0) return new Map();
  try {
    const input = JSON.stringify([patterns.map((pattern) => pattern.replaceAll('(?P<', '(?<')), names]);
    const found = JSON.parse(runInNewContext(SCRIPT, { input }, { timeout: TIMEOUT_MS }) as string) as number[];
    return new Map(names.map((name, i) => [name, found[i]!] as const).filter(([, index]) => index >= 0));
  } catch (cause) {
    throw new LlamaCoreError('adapter_invalid', `${field}: expected regular expressions that can be matched within ${TIMEOUT_MS} ms.`, { param: field, cause });
  }
}

/** Python's `re.fullmatch(pattern, name)`. */
export const fullMatch = (pattern: string): string => `^(?:${pattern})$`;

/** How peft looks up the keys of rank_pattern and alpha_pattern: a suffix of the module path, itself an expression. */
export const suffixMatch = (pattern: string): string => `^(?:.*\\.)?(?:${pattern})$`;

/** True when `names` holds the path or any of its suffixes that begin after a dot. */
export function holdsSuffix(names: ReadonlySet<string>, path: string): boolean {
  for (let from = 0; ; ) {
    if (names.has(path.slice(from))) return true;
    const dot = path.indexOf('.', from);
    if (dot < 0) return false;
    from = dot + 1;
  }
}
