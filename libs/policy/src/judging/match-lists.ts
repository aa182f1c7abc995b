import type { ListEntry, PolicyDocument, RuleHit, ScreenSubject } from '@sallyport/contracts';
import { RE2JS } from 're2js';

/** A list entry ready to be tried on texts. */
interface CompiledEntry {
  entry: ListEntry;
  /** Size of the automaton; 0 for an exact text. */
  instructions: number;
  /** Somewhere in the text. */
  finds(text: TextForms): boolean;
  /** The text as a whole. */
  covers(text: TextForms): boolean;
}

/** A text as it is compared: put into plain form once, however many entries there are. */
class TextForms {
  private spacedForm: string | undefined;
  private lowerForm: string | undefined;

  constructor(readonly text: string) {}

  /** Without compatibility forms and runs of white space; in lower case unless case matters. */
  plain(caseSensitive: boolean): string {
    this.spacedForm ??= this.text.normalize('NFKC').replace(/\s+/g, ' ').trim();
    if (caseSensitive) return this.spacedForm;
    this.lowerForm ??= this.spacedForm.toLowerCase();
    return this.lowerForm;
  }
}

type SubjectText = Pick<ScreenSubject, 'id' | 'direction' | 'text'> & { partial?: boolean };

/**
 * Entries of the lists that a policy's subjects meet. A block entry counts wherever it stands in a text; an allow entry only when it covers the whole text,
 * because a part that is known to be harmless says nothing about the rest; of a text that is still growing it counts for nothing.
 */
export function matchLists(subjects: readonly SubjectText[], document: PolicyDocument): RuleHit[] {
  const { allow, block } = compiledLists(document);
  if (allow.length + block.length === 0) return [];
  return subjects.flatMap((subject) => {
    const forms = new TextForms(subject.text);
    return [...hits(block, 'block', subject, (entry) => entry.finds(forms)), ...hits(allow, 'allow', subject, (entry) => !subject.partial && entry.covers(forms))];
  });
}

function hits(entries: readonly CompiledEntry[], name: 'allow' | 'block', { id, direction }: SubjectText, matches: (entry: CompiledEntry) => boolean): RuleHit[] {
  return entries.flatMap((compiled, index) => {
    const { entry } = compiled;
    if (entry.directions && !entry.directions.includes(direction)) return [];
    if (!matches(compiled)) return [];
    return [{ subject: id, direction, source: 'list' as const, rule: `${name}.${entry.id ?? index}`, action: name === 'allow' ? ('allow' as const) : (entry.action ?? 'block') }];
  });
}

/** Documents are immutable, so their expressions are compiled once. */
const cache = new WeakMap<PolicyDocument, { allow: CompiledEntry[]; block: CompiledEntry[] }>();

function compiledLists(document: PolicyDocument): { allow: CompiledEntry[]; block: CompiledEntry[] } {
  const known = cache.get(document);
  if (known) return known;
  const compile = (entries: readonly ListEntry[] = []): CompiledEntry[] => entries.flatMap((entry) => compileListEntry(entry) ?? []);
  const lists = { allow: compile(document.lists?.allow), block: compile(document.lists?.block) };
  cache.set(document, lists);
  return lists;
}

/** Undefined for an expression that is not RE2. */
export function compileListEntry(entry: ListEntry): CompiledEntry | undefined {
  return entry.regex === undefined ? exactEntry(entry) : regexEntry(entry, entry.regex);
}

/** Texts are compared without regard to case (unless the entry says so), runs of white space and compatibility forms. */
function exactEntry(entry: ListEntry): CompiledEntry {
  const { caseSensitive = false } = entry;
  const wanted = new TextForms(entry.exact ?? '').plain(caseSensitive);
  return { entry, instructions: 0, finds: (text) => standsIn(text.plain(caseSensitive), wanted), covers: (text) => text.plain(caseSensitive) === wanted };
}

const WORD = /[\p{L}\p{N}_]/u;

/** True when `wanted` stands in the text and not as part of a longer word. */
function standsIn(text: string, wanted: string): boolean {
  if (wanted === '') return false;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const cut = (border: number) => border > 0 && border < text.length && WORD.test(text[border - 1]!) && WORD.test(text[border]!);
    if (!cut(at) && !cut(end)) return true;
  }
  return false;
}

function regexEntry(entry: ListEntry, regex: string): CompiledEntry | undefined {
  try {
    const compiled = RE2JS.compile(regex, entry.caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
    return { entry, instructions: compiled.programSize(), finds: ({ text }) => compiled.matcher(text).find(), covers: ({ text }) => compiled.matcher(text).matches() };
  } catch {
    return undefined;
  }
}
