import type { ByteAutomaton, State } from './byte-automaton.js';

export interface TokenVocabularyParts {
  /** Number of token ids. */
  size: number;
  /** Bytes of a token; empty for one that may never be part of a constrained answer, such as a control token. */
  bytesOf(id: number): Uint8Array;
  /** Tokens that end an answer. */
  endIds: Iterable<number>;
}

/** All tokens in the order of their bytes, so that what neighbours share is read once. Flat arrays: a mask reads all of them. */
export class TokenVocabulary {
  /** Token ids in the order of their bytes. */
  private readonly ids: Int32Array;
  /** Where a token's bytes end in `bytes`; they begin where those of the one before end. */
  private readonly ends: Int32Array;
  /** Bytes shared with the token before. */
  private readonly shared: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly words: number;
  private readonly endIds: ReadonlySet<number>;

  constructor(private readonly parts: TokenVocabularyParts) {
    // As Latin-1 strings bytes compare in their own order, and much faster than as arrays.
    const tokens = Array.from({ length: parts.size }, (_, id) => ({ id, bytes: parts.bytesOf(id), key: '' })).filter(({ bytes }) => bytes.length > 0);
    for (const token of tokens) token.key = Buffer.from(token.bytes).toString('latin1');
    tokens.sort((a, b) => (a.key < b.key ? -1 : 1));
    let end = 0;
    this.ids = Int32Array.from(tokens, ({ id }) => id);
    this.ends = Int32Array.from(tokens, ({ bytes }) => {
      end += bytes.length;
      return end;
    });
    this.shared = Int32Array.from(tokens, ({ bytes }, at) => (at === 0 ? 0 : sharedLength(tokens[at - 1]!.bytes, bytes)));
    this.bytes = Buffer.concat(tokens.map(({ bytes }) => bytes));
    this.words = Math.ceil(parts.size / 32);
    this.endIds = new Set(parts.endIds);
  }

  /** Bits of the tokens whose bytes the automaton can read from a state; end tokens where it has read a whole sentence. */
  mask(automaton: ByteAutomaton, state: State): Uint32Array {
    const mask = new Uint32Array(this.words);
    const path: State[] = [state];
    let failedAt = Number.POSITIVE_INFINITY;
    for (let token = 0; token < this.ids.length; token++) {
      const shared = this.shared[token]!;
      if (shared > failedAt) continue;
      failedAt = this.read(automaton, path, { token, shared });
      const id = this.ids[token]!;
      if (failedAt === Number.POSITIVE_INFINITY) mask[id >> 5]! |= 1 << (id & 31);
    }
    if (state.accepting) for (const id of this.endIds) mask[id >> 5]! |= 1 << (id & 31);
    return mask;
  }

  isEnd(id: number): boolean {
    return this.endIds.has(id);
  }

  /** Empty for a token that may never be part of an answer. */
  bytesOf(id: number): Uint8Array {
    return this.parts.bytesOf(id);
  }

  /** Fills `path` with the state before each byte; returns the place of the byte that cannot be read, or infinity. */
  private read(automaton: ByteAutomaton, path: State[], { token, shared }: { token: number; shared: number }): number {
    const start = token === 0 ? 0 : this.ends[token - 1]!;
    const length = this.ends[token]! - start;
    for (let at = shared; at < length; at++) {
      const state = path[at]!;
      const byte = this.bytes[start + at]!;
      const known = state.next[byte];
      const next = known === undefined ? automaton.step(state, byte) : known;
      if (next === null) return at;
      path[at + 1] = next;
    }
    return Number.POSITIVE_INFINITY;
  }
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
