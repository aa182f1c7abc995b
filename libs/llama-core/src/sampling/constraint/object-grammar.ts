import { choice, EMPTY, type Grammar, lazy, literal, optional, repeat, sequence } from './grammar.js';
import { COLON, COMMA, PLAIN, plainCharacter, QUOTE, SPACE, STRING } from './json-grammar.js';

export interface ObjectMember {
  key: string;
  value: Grammar;
  required: boolean;
}

/** An object with known members in the order given, then any number of others whose values are `additional`. */
export function objectOf(members: readonly ObjectMember[], additional?: Grammar): Grammar {
  const extra = additional && sequence(members.length === 0 ? STRING : otherKey(members.map(({ key }) => key)), COLON, additional);
  const none = extra ? optional(sequence(extra, repeat(sequence(COMMA, extra), 0))) : EMPTY;
  const some = extra ? repeat(sequence(COMMA, extra), 0) : EMPTY;
  const tails = { first: [] as Grammar[], later: [] as Grammar[] };
  const from = (at: number, place: 'first' | 'later'): Grammar => {
    const member = members[at];
    if (!member) return place === 'first' ? none : some;
    tails[place][at] ??= lazy(() => {
      const present = sequence(place === 'first' ? EMPTY : COMMA, literal(JSON.stringify(member.key)), COLON, member.value, from(at + 1, 'later'));
      return member.required ? present : choice(present, from(at + 1, place));
    });
    return tails[place][at];
  };
  return sequence(literal('{'), SPACE, from(0, 'first'), SPACE, literal('}'));
}

interface KeyNode {
  isKey: boolean;
  children: Map<string, KeyNode>;
}

/** A key that is none of the known ones: a second spelling of a known key would get past its schema. Such keys are written without escapes. */
function otherKey(keys: readonly string[]): Grammar {
  const root: KeyNode = { isKey: false, children: new Map() };
  for (const key of keys) {
    let node = root;
    for (const character of key) {
      const child = node.children.get(character) ?? { isKey: false, children: new Map() };
      node.children.set(character, child);
      node = child;
    }
    node.isKey = true;
  }
  return sequence(QUOTE, keyRest(root));
}

const FREE_REST = sequence(repeat(PLAIN, 0), QUOTE);

function keyRest({ isKey, children }: KeyNode): Grammar {
  const characters = [...children.keys()];
  const firstBytes = characters.map((character) => Buffer.from(character)[0]!);
  const different = sequence(plainCharacter(firstBytes), FREE_REST);
  // A quote or backslash can only stand escaped, so no unescaped key goes on with it.
  const same = characters.filter((character) => character >= ' ' && !'"\\'.includes(character)).map((character) => sequence(literal(character), keyRest(children.get(character)!)));
  return choice(...same, different, ...(isKey ? [] : [QUOTE]));
}
