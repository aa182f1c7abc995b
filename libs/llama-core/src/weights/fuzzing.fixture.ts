import fc from 'fast-check';

/** One change to the bytes of a file. `at` is a fraction of the file's length. */
export type Mutation =
  | { kind: 'byte'; at: number; value: number }
  | { kind: 'number'; at: number; bytes: 4 | 8; value: bigint }
  | { kind: 'cut'; at: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'repeat'; from: number; to: number; length: number };

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
/** Headers lie at the front, so half of all changes hit the first 2 %. */
const place = fc.oneof(fraction, fraction.map((at) => at / 50));
const nasty = fc.constantFrom(0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), at: place, value: fc.nat(255) }),
    fc.record({ kind: fc.constant('number' as const), at: place, bytes: fc.constantFrom(4 as const, 8 as const), value: nasty }),
    fc.record({ kind: fc.constant('cut' as const), at: fraction }),
    fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) }),
    fc.record({ kind: fc.constant('repeat' as const), from: place, to: place, length: fc.integer({ min: 1, max: 4096 }) }),
  ),
  { minLength: 1, maxLength: 5 },
);

export const mutated = (bytes: Buffer, list: readonly Mutation[]): Buffer => list.reduce(apply, bytes);

function apply(bytes: Buffer, mutation: Mutation): Buffer {
  const at = (share: number) => Math.min(Math.floor(share * bytes.length), Math.max(0, bytes.length - 1));
  const copy = Buffer.from(bytes);
  switch (mutation.kind) {
    case 'byte':
      if (copy.length > 0) copy[at(mutation.at)] = mutation.value;
      return copy;
    case 'number':
      for (let i = 0; i < mutation.bytes && at(mutation.at) + i < copy.length; i++) copy[at(mutation.at) + i] = Number((mutation.value >> BigInt(8 * i)) & 255n);
      return copy;
    case 'cut':
      return copy.subarray(0, Math.floor(mutation.at * bytes.length));
    case 'insert':
      return Buffer.concat([copy.subarray(0, at(mutation.at)), mutation.bytes, copy.subarray(at(mutation.at))]);
    case 'repeat':
      bytes.copy(copy, at(mutation.to), at(mutation.from), Math.min(bytes.length, at(mutation.from) + mutation.length));
      return copy;
  }
}

/** Values that no reader expects. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, -1, 0, 0.5, 1e9, 1e15, 2 ** 53, -(2 ** 53), 1e308, '', '1', 'constructor', '__proto__', '../../etc', 'a\u0000b', [], {}, [[]], [null], [1e9], { a: 1 }, 'x'.repeat(100_000)),
  fc.integer(),
  fc.string(),
);

/** One change to a JSON value: the leaf or branch that `pick` chooses becomes something else, or goes away. */
export interface JsonMutation {
  pick: number;
  value: unknown;
  remove: boolean;
}
export const jsonMutations: fc.Arbitrary<JsonMutation[]> = fc.array(fc.record({ pick: fc.nat(10_000), value: strange, remove: fc.boolean() }), { minLength: 1, maxLength: 3 });

export function mutatedJson(json: unknown, list: readonly JsonMutation[]): unknown {
  const copy = structuredClone(json);
  for (const { pick, value, remove } of list) {
    const places = placesIn(copy);
    const place = places[pick % Math.max(1, places.length)];
    if (!place) continue;
    if (remove) delete (place.parent as Record<string, unknown>)[place.key];
    else (place.parent as Record<string, unknown>)[place.key] = value;
  }
  return copy;
}

function placesIn(value: unknown): Array<{ parent: object; key: string }> {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [{ parent: value, key }, ...placesIn(child)]);
}
