import { createHash } from 'node:crypto';

/** Tokens of one block of the prefix cache. */
export const BLOCK_TOKENS = 16;

/**
 * Keys of the full blocks of a sequence, in order. Each is a hash over the block and everything before it, so equal keys mean equal prefixes;
 * `scope` keeps apart what must not be shared, such as the values of different adapters.
 */
export function blockKeys(tokens: readonly number[], scope = ''): string[] {
  const keys: string[] = [];
  let key = scope;
  for (let from = 0; from + BLOCK_TOKENS <= tokens.length; from += BLOCK_TOKENS) {
    key = createHash('sha256').update(key).update('|').update(Int32Array.from(tokens.slice(from, from + BLOCK_TOKENS))).digest('base64');
    keys.push(key);
  }
  return keys;
}
