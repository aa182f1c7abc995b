import { BLOCK_TOKENS } from './block-keys.js';
import type { BlockPool } from './block-pool.js';
import { isDecoding, pendingOf, type ScheduledSequence } from './scheduled-sequence.js';

/** Fewer prompt tokens than this in one run waste a pass over the weights. */
const LEAST_CHUNK = 64;

/** What one sequence is to get in a step. */
export interface Share {
  count: number;
  /** Blocks of the prefix cache that it starts from, referenced. */
  blocks: number[];
}

/**
 * Divides a step's tokens among its rows: one for each that decodes, the rest in chunks for prompts, least recently served first, so that
 * a long prompt never holds up a short one. A newcomer waits while an earlier row computes the very block it needs next.
 */
export function shareOut(rows: readonly ScheduledSequence[], stepTokens: number, pool: BlockPool): Map<number, Share> {
  const shares = new Map<number, Share>();
  const decoding = rows.filter(isDecoding);
  for (const row of decoding) shares.set(row.id, { count: 1, blocks: [] });
  const prompts = withoutFollowers(rows.filter((row) => !isDecoding(row)), pool).sort((a, b) => a.servedAt - b.servedAt);
  // While nobody waits for a next token, longer steps disturb nobody.
  let left = Math.max(LEAST_CHUNK, decoding.length > 0 ? stepTokens - decoding.length : stepTokens * 2);
  const most = prompts.length > 1 ? Math.max(LEAST_CHUNK, left >> 1) : left;
  for (const row of prompts) {
    if (left <= 0) break;
    const blocks = row.computed === 0 ? pool.acquire(row.keys) : [];
    const count = Math.min(pendingOf(row) - blocks.length * BLOCK_TOKENS, most, left);
    shares.set(row.id, { count, blocks });
    left -= count;
  }
  return shares;
}

/** Leaves out the rows whose next block an earlier one (rows come by priority) is about to compute. */
function withoutFollowers(rows: readonly ScheduledSequence[], pool: BlockPool): ScheduledSequence[] {
  const coming = new Set<string>();
  return rows.filter((row) => {
    const from = row.computed === 0 ? pool.heldOf(row.keys) : Math.floor(row.computed / BLOCK_TOKENS);
    const next = row.keys[from];
    if (pool.capacity > 0 && row.computed === 0 && next !== undefined && coming.has(next)) return false;
    for (const key of row.keys.slice(from)) coming.add(key);
    return true;
  });
}
