import { BLOCK_TOKENS } from './block-keys.js';
import { BlockPool } from './block-pool.js';
import { byPriority, type ScheduledSequence } from './scheduled-sequence.js';

/** What has to go from memory before a step runs. */
export interface Evictions {
  /** Sequences whose keys and values are dropped; they are computed again when their turn comes. */
  drop: number[];
  /** Blocks of the prefix cache. */
  evict: number[];
}

export interface KvLimits {
  /** Tokens whose keys and values fit, of sequences and prefix cache together; at least the longest sequence. */
  kvTokens: number;
  /** Most of them in the prefix cache; 0: no cache. */
  prefixTokens: number;
}

/** Keeps account of the memory for keys and values, and takes it from who matters least. */
export class KvLedger {
  readonly pool: BlockPool;
  /** Running sequences that lost their memory to an earlier one. */
  preemptions = 0;

  constructor(
    private readonly limits: KvLimits,
    private readonly sequences: ReadonlyMap<number, ScheduledSequence>,
  ) {
    this.pool = new BlockPool(Math.floor(limits.prefixTokens / BLOCK_TOKENS));
  }

  get heldTokens(): number {
    let tokens = this.pool.size * BLOCK_TOKENS;
    for (const sequence of this.sequences.values()) tokens += sequence.computed;
    return tokens;
  }

  /** Frees room for so many more tokens of one sequence: first unused cache, then idle and waiting sequences, then whoever comes after it. False when that is not enough. */
  makeRoom(tokens: number, taker: ScheduledSequence, evictions: Evictions): boolean {
    while (this.heldTokens + tokens > this.limits.kvTokens) {
      const block = this.pool.evict();
      if (block !== undefined) evictions.evict.push(block);
      else if (!this.dropOne(taker, evictions)) return false;
    }
    return true;
  }

  /** Room for one more block without taking anything from a sequence. */
  makeBlockRoom(evictions: Pick<Evictions, 'evict'>): boolean {
    while (this.pool.size >= this.pool.capacity || this.heldTokens + BLOCK_TOKENS > this.limits.kvTokens) {
      const block = this.pool.evict();
      if (block === undefined) return false;
      evictions.evict.push(block);
    }
    return true;
  }

  private dropOne(taker: ScheduledSequence, { drop }: Evictions): boolean {
    const holders = Array.from(this.sequences.values()).filter((sequence) => sequence.computed > 0 && sequence !== taker);
    const of = (state: ScheduledSequence['state']) => holders.filter((sequence) => sequence.state === state);
    const idle = of('idle').sort((a, b) => a.servedAt - b.servedAt);
    // Who waits, even with priority, holds memory by courtesy: otherwise nobody might be able to go on.
    const waiting = of('waiting').sort(byPriority);
    const later = of('running').filter((sequence) => byPriority(taker, sequence) < 0).sort(byPriority);
    const victim = idle[0] ?? waiting.at(-1) ?? later.at(-1);
    if (!victim) return false;
    if (victim.state === 'running') {
      victim.state = 'waiting';
      this.preemptions += 1;
    }
    victim.computed = 0;
    drop.push(victim.id);
    return true;
  }
}
