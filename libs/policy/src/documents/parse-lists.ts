import type { ListEntry, PolicyDocument } from '@sallyport/contracts';
import { compileListEntry } from '../judging/match-lists.js';
import { defined, directions, flag, list, object, oneOf, only, refuse, text } from './field-readers.js';

const FIELDS = ['id', 'exact', 'regex', 'caseSensitive', 'directions', 'note'];
const MOST_ENTRIES = 1_000;
/** Instructions of all expressions of a policy together: matching costs this times the length of the text, at most. */
const MOST_INSTRUCTIONS = 5_000;

/** Allow and block lists. Expressions are RE2: what needs backtracking is refused, and so is what is too large. */
export function parseLists(value: unknown): NonNullable<PolicyDocument['lists']> {
  const fields = object(value, 'lists');
  only(fields, ['allow', 'block'], 'lists');
  const budget = { left: MOST_INSTRUCTIONS };
  return defined({
    allow: fields['allow'] === undefined ? undefined : entries(fields['allow'], 'lists.allow', budget),
    block: fields['block'] === undefined ? undefined : entries(fields['block'], 'lists.block', budget),
  } as NonNullable<PolicyDocument['lists']>);
}

function entries(value: unknown, param: string, budget: { left: number }): ListEntry[] {
  const seen = new Set<string>();
  return list(value, param, MOST_ENTRIES).map((item, index) => {
    const entry = parseEntry(item, `${param}.${index}`, budget);
    if (entry.id !== undefined && seen.has(entry.id)) refuse(`${param}.${index}.id`, 'an id that no other entry of the list has');
    if (entry.id !== undefined) seen.add(entry.id);
    return entry;
  });
}

function parseEntry(value: unknown, param: string, budget: { left: number }): ListEntry {
  const fields = object(value, param);
  only(fields, param.startsWith('lists.block') ? [...FIELDS, 'action'] : FIELDS, param);
  if ((fields['exact'] === undefined) === (fields['regex'] === undefined)) refuse(param, 'exactly one of exact and regex');
  const optional = <T>(name: string, read: (item: unknown, path: string) => T): T | undefined => (fields[name] === undefined ? undefined : read(fields[name], `${param}.${name}`));
  const entry = defined<ListEntry>({
    id: optional('id', (item, path) => (/^[\w.-]{1,64}$/.test(text(item, path)) ? (item as string) : refuse(path, '1 to 64 letters, digits, dots, hyphens and underscores'))),
    exact: optional('exact', (item, path) => text(item, path, 500)),
    regex: optional('regex', (item, path) => text(item, path, 500)),
    caseSensitive: optional('caseSensitive', flag),
    directions: optional('directions', directions),
    action: optional('action', (item, path) => oneOf(item, ['review', 'block'] as const, path)),
    note: optional('note', (item, path) => text(item, path)),
  } as ListEntry);
  spend(entry, param, budget);
  return entry;
}

function spend(entry: ListEntry, param: string, budget: { left: number }): void {
  if (entry.regex === undefined) return;
  budget.left -= compileListEntry(entry)?.instructions ?? refuse(`${param}.regex`, 'an expression in RE2 syntax (no look-around, no back-references, no repetition over 1,000)');
  if (budget.left < 0) refuse(`${param}.regex`, `expressions of at most ${MOST_INSTRUCTIONS.toLocaleString('en')} instructions together`);
}
