type Trie = Map<string, Trie>;
/** Marks the end of a spelling in a trie; no spelling holds an empty character. */
const END = '';

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');

function insert(trie: Trie, spelling: string): void {
  let node = trie;
  for (const character of spelling) {
    if (!node.has(character)) node.set(character, new Map());
    node = node.get(character)!;
  }
  node.set(END, new Map());
}

/** Longer spellings come first, because the group for "more characters" stands before the empty alternative. */
function source(node: Trie): string {
  const branches = [...node].filter(([character]) => character !== END).map(([character, next]) => escaped(character) + source(next));
  if (branches.length === 0) return '';
  const group = branches.length === 1 && !node.has(END) ? branches[0]! : `(?:${branches.join('|')})`;
  return node.has(END) ? `${group}?` : group;
}

const trieSource = (spellings: Iterable<string>): string | null => {
  const trie: Trie = new Map();
  for (const spelling of spellings) if (spelling !== '') insert(trie, spelling);
  return trie.size === 0 ? null : source(trie);
};

/**
 * A global pattern with one capture group around all spellings, longest first; null when there are none. It is a trie, so that at no place of a text more
 * is read than the longest spelling: with 2,000 alternatives side by side, a text made of their beginnings would take minutes.
 */
export function spellingPattern(spellings: Iterable<string>): RegExp | null {
  const body = trieSource(spellings);
  return body === null ? null : new RegExp(`(${body})`, 'gu');
}

/** Finds where a text spells a control token, and where its ends could complete one with what stands beside it. */
export class SpellingFinder {
  private readonly beginning: RegExp | null;
  private readonly heads: ReadonlySet<string>;
  private readonly tails: ReadonlySet<string>;
  private readonly longest: number;

  constructor(spellings: readonly string[]) {
    const body = trieSource(spellings);
    this.beginning = body === null ? null : new RegExp(`(?=${body})[\\s\\S]`, 'gu');
    this.longest = spellings.reduce((longest, spelling) => Math.max(longest, spelling.length), 0);
    const cuts = (spelling: string): number[] => Array.from({ length: Math.max(0, spelling.length - 1) }, (_, i) => i + 1);
    this.heads = new Set(spellings.flatMap((spelling) => cuts(spelling).map((at) => spelling.slice(0, at))));
    this.tails = new Set(spellings.flatMap((spelling) => cuts(spelling).map((at) => spelling.slice(at))));
  }

  /** Puts `mark` behind the first character of every spelling, overlapping ones too, and at the ends that could complete one. */
  interrupt(text: string, mark: string): string {
    if (!this.beginning) return text;
    const inner = text.replace(this.beginning, (first) => first + mark);
    return (this.some(this.tails, (length) => inner.slice(0, length)) ? mark : '') + inner + (this.some(this.heads, (length) => inner.slice(-length)) ? mark : '');
  }

  /** True when a spelling stands in the text. */
  spells(text: string): boolean {
    return this.beginning !== null && text.search(this.beginning) >= 0;
  }

  private some(set: ReadonlySet<string>, end: (length: number) => string): boolean {
    for (let length = 1; length < this.longest; length++) if (set.has(end(length))) return true;
    return false;
  }
}
