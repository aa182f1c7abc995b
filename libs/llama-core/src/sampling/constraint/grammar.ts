/** A context-free language over bytes, as an expression. Identity matters: equal parts should be the same object. */
export type Grammar =
  | { kind: 'byte'; set: ByteSet }
  | { kind: 'sequence'; parts: readonly Grammar[] }
  | { kind: 'choice'; options: readonly Grammar[] }
  | { kind: 'lazy'; get(): Grammar };

/** 256 flags. */
export type ByteSet = Uint8Array;

const utf8 = new TextEncoder();
const singles: Grammar[] = Array.from({ length: 256 }, (_, byte) => ({ kind: 'byte', set: byteSet([[byte, byte]]) }));

/** Bytes of inclusive ranges. */
export function byteSet(ranges: ReadonlyArray<readonly [from: number, to: number]>): ByteSet {
  const set = new Uint8Array(256);
  for (const [from, to] of ranges) set.fill(1, from, to + 1);
  return set;
}

export const EMPTY: Grammar = { kind: 'sequence', parts: [] };

export const bytes = (...ranges: Array<readonly [number, number]>): Grammar => ({ kind: 'byte', set: byteSet(ranges) });

export const sequence = (...parts: Grammar[]): Grammar => ({ kind: 'sequence', parts });

export const choice = (...options: Grammar[]): Grammar => ({ kind: 'choice', options });

export const optional = (part: Grammar): Grammar => choice(part, EMPTY);

/** The UTF-8 bytes of a text. */
export const literal = (text: string): Grammar => sequence(...Array.from(utf8.encode(text), (byte) => singles[byte]!));

/** A part that is made when it is first needed, so that languages may be recursive. */
export function lazy(make: () => Grammar): Grammar {
  let made: Grammar | undefined;
  return {
    kind: 'lazy',
    get: () => {
      made ??= make();
      return made;
    },
  };
}

/** `least` to `most` repetitions, made as far as they are read: large bounds cost nothing. */
export function repeat(part: Grammar, least: number, most = Number.POSITIVE_INFINITY): Grammar {
  const afters: Grammar[] = [];
  const after = (count: number): Grammar => {
    if (count >= most) return EMPTY;
    // Without an upper bound all counts from `least` on are one state.
    const next = count >= least && most === Number.POSITIVE_INFINITY ? count : count + 1;
    afters[count] ??= lazy(() => (count < least ? sequence(part, after(next)) : optional(sequence(part, after(next)))));
    return afters[count];
  };
  return after(0);
}
