import { LlamaCoreError } from '../errors.js';
import type { ByteCursor } from './byte-cursor.js';

export type GgufValue = number | bigint | boolean | string | GgufValue[];

/** Limits against hostile headers; real files stay far below (Llama 4's vocabulary is 202,048 strings). */
const MAX_STRING_BYTES = 16_000_000;
const MAX_VALUES = 4_000_000;
const MAX_ARRAY_DEPTH = 3;

const invalid = (message: string) => new LlamaCoreError('gguf_invalid', message);

/** Scalar types by their GGUF number: [bytes, reader]. Source: ggml's gguf specification. */
const SCALARS: Record<number, [bytes: number, read: (view: DataView, at: number) => GgufValue]> = {
  0: [1, (v, at) => v.getUint8(at)],
  1: [1, (v, at) => v.getInt8(at)],
  2: [2, (v, at) => v.getUint16(at, true)],
  3: [2, (v, at) => v.getInt16(at, true)],
  4: [4, (v, at) => v.getUint32(at, true)],
  5: [4, (v, at) => v.getInt32(at, true)],
  6: [4, (v, at) => v.getFloat32(at, true)],
  7: [1, (v, at) => v.getUint8(at) !== 0],
  10: [8, (v, at) => safe(v.getBigUint64(at, true))],
  11: [8, (v, at) => safe(v.getBigInt64(at, true))],
  12: [8, (v, at) => v.getFloat64(at, true)],
};
const STRING = 8;
const ARRAY = 9;

const safe = (value: bigint): number | bigint => (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);

/** A 64-bit count that must be a plausible number. */
export async function takeCount(cursor: ByteCursor, what: string, limit: number): Promise<number> {
  return plausible(await cursor.take(8, (view, at) => view.getBigUint64(at, true)), what, limit);
}

function plausible(value: bigint, what: string, limit: number): number {
  if (value > BigInt(limit)) throw invalid(`${what} is ${value}, at most ${limit} is possible here.`);
  return Number(value);
}

export async function takeString(cursor: ByteCursor): Promise<string> {
  await cursor.fill(8);
  await cursor.fill(8 + lengthAhead(cursor));
  return stringNow(cursor);
}

const lengthAhead = (cursor: ByteCursor): number => plausible(cursor.peekNow((view, at) => view.getBigUint64(at, true)), 'A string length', Math.min(MAX_STRING_BYTES, cursor.remaining - 8));

function stringNow(cursor: ByteCursor): string {
  const length = lengthAhead(cursor);
  cursor.position += 8;
  return cursor.textNow(length);
}

/** The next string where it is in memory already. */
const heldString = (cursor: ByteCursor): string | undefined => (cursor.holds(8) && cursor.holds(8 + lengthAhead(cursor)) ? stringNow(cursor) : undefined);

/** Counts the values of a whole header, which nested and repeated arrays could otherwise multiply. */
export class ValueBudget {
  private left = MAX_VALUES;

  spend(count: number): void {
    this.left -= count;
    if (this.left < 0) throw invalid(`The metadata has more than ${MAX_VALUES} values.`);
  }
}

/** One metadata value of the given GGUF type. */
export async function takeValue(cursor: ByteCursor, type: number, budget: ValueBudget, depth = 0): Promise<GgufValue> {
  if (type === STRING) return takeString(cursor);
  if (type === ARRAY) return takeArray(cursor, budget, depth);
  const scalar = SCALARS[type];
  if (!scalar) throw invalid(`Metadata type ${type} does not exist.`);
  return cursor.take(scalar[0], scalar[1]);
}

async function takeArray(cursor: ByteCursor, budget: ValueBudget, depth: number): Promise<GgufValue[]> {
  if (depth >= MAX_ARRAY_DEPTH) throw invalid(`Metadata arrays are nested deeper than ${MAX_ARRAY_DEPTH}.`);
  const type = await cursor.take(4, (view, at) => view.getUint32(at, true));
  const scalar = SCALARS[type];
  const count = await takeCount(cursor, 'An array length', Math.floor(cursor.remaining / (scalar?.[0] ?? 8)));
  budget.spend(count);
  const values: GgufValue[] = [];
  for (let i = 0; i < count; i++) {
    const held = type === STRING ? heldString(cursor) : scalar && cursor.holds(scalar[0]) ? cursor.takeNow(scalar[0], scalar[1]) : undefined;
    values.push(held ?? (await takeValue(cursor, type, budget, depth + 1)));
  }
  return values;
}
