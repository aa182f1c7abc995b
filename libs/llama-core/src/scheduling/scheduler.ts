import { Admission, type AdmissionLimits } from './admission.js';
import { BLOCK_TOKENS } from './block-keys.js';
import { decodeGroups } from './decode-groups.js';
import { type Evictions, KvLedger, type KvLimits } from './kv-ledger.js';
import { byPriority, inState, isDecoding, type Lane, pendingOf, rankOf, type ScheduledSequence } from './scheduled-sequence.js';
import { type Share, shareOut } from './step-shares.js';

/** Limits of one engine. */
export interface SchedulerLimits extends KvLimits, AdmissionLimits {
  /** Requests of one lane that may wait; one more is refused. */
  maxWaiting: number;
  /** Tokens computed in one step, prompts and answers together. */
  stepTokens: number;
}

/** A sequence of `length` tokens; `keys` are those of its blocks that may come from the prefix cache. */
export interface Newcomer {
  id: number;
  lane: Lane;
  length: number;
  keys: readonly string[];
}

/** Tokens of one sequence to compute in one run, on top of the cached blocks where there are any. */
export interface Chunk {
  id: number;
  from: number;
  count: number;
  blocks: number[];
}

/** What to do next: first the evictions, then one token for each sequence of each batch, and the chunks. */
export interface Step extends Evictions {
  decode: number[][];
  prefill: Chunk[];
}

/** Blocks to copy from a sequence into the prefix cache, and those that go for them. */
export interface Publication {
  store: Array<{ block: number; from: number }>;
  evict: number[];
}

/**
 * Decides what runs next. Every sequence is a number of tokens of which some are computed: prompts are read in chunks, answers grow by one, and a
 * sequence that lost its memory to an earlier one is computed again. It owns no tensor, reads no text and no clock.
 */
export class Scheduler {
  private readonly sequences = new Map<number, ScheduledSequence>();
  private readonly ledger: KvLedger;
  private readonly admission: Admission;
  /** Blocks referenced for the step under way. */
  private acquired: number[] = [];
  private arrivals = 0;
  private steps = 0;

  constructor(private readonly limits: SchedulerLimits) {
    this.ledger = new KvLedger(limits, this.sequences);
    this.admission = new Admission(limits, this.sequences);
  }

  /** False when too many of its lane are waiting. */
  add({ id, lane, length, keys }: Newcomer): boolean {
    const waiting = inState(this.sequences, 'waiting').filter((sequence) => sequence.lane === lane).length;
    const free = this.limits.maxRunning - this.runningCount;
    if (waiting >= this.limits.maxWaiting + free) return false;
    this.sequences.set(id, { id, lane, urgent: false, order: this.arrivals++, state: 'waiting', length, computed: 0, keys: reusable(keys, length), passedOver: 0, servedAt: 0 });
    return true;
  }

  /** The sequence now has `length` tokens, of which the first `keep` are as before. An idle one arrives anew. */
  resize(id: number, { keep, length, keys }: { keep: number; length: number; keys?: readonly string[] }): void {
    const sequence = this.known(id);
    sequence.computed = Math.min(sequence.computed, keep);
    sequence.length = length;
    sequence.keys = reusable(keys ?? sequence.keys, length);
    if (sequence.state === 'idle') Object.assign(sequence, { state: 'waiting', order: this.arrivals++, passedOver: 0 });
  }

  /** Nothing more is wanted of it now; its memory is kept until somebody needs it. */
  rest(id: number): void {
    Object.assign(this.known(id), { state: 'idle', urgent: false, servedAt: this.steps });
  }

  /** Forgets a sequence that is finished or cancelled. */
  remove(id: number): void {
    this.sequences.delete(id);
  }

  /** Adds blocks, by the keys of a sequence that holds their tokens, to the prefix cache as far as there is room. */
  publish(keys: readonly string[]): Publication {
    const { pool } = this.ledger;
    const change: Publication = { store: [], evict: [] };
    if (pool.capacity === 0) return change;
    const chain = pool.acquire(keys);
    for (let at = chain.length; at < keys.length && this.ledger.makeBlockRoom(change); at++) {
      const block = pool.insert(keys[at]!);
      chain.push(block);
      change.store.push({ block, from: at * BLOCK_TOKENS });
    }
    pool.touch(keys.slice(0, chain.length));
    pool.release(chain);
    return change;
  }

  get waitingCount(): number {
    return inState(this.sequences, 'waiting').length;
  }

  get runningCount(): number {
    return inState(this.sequences, 'running').length;
  }

  /** Tokens whose keys and values are in memory, those of the prefix cache included. */
  get heldTokens(): number {
    return this.ledger.heldTokens;
  }

  get cachedBlocks(): { held: number; referenced: number } {
    return { held: this.ledger.pool.size, referenced: this.ledger.pool.referenced };
  }

  /** Running sequences that lost their memory so far. */
  get preemptions(): number {
    return this.ledger.preemptions;
  }

  /** The next step, or undefined when there is nothing to do. The caller runs all of it and then asks again. */
  next(): Step | undefined {
    this.steps += 1;
    this.letGo();
    this.admission.admit();
    const ready = inState(this.sequences, 'running').filter((sequence) => pendingOf(sequence) > 0).sort(byPriority);
    const rows = ready.filter((sequence) => rankOf(sequence) === rankOf(ready[0]!));
    const [first] = rows;
    if (!first) return undefined;
    const step: Step = { drop: [], evict: [], decode: [], prefill: [] };
    this.fill(step, rows);
    // Whoever comes first can take the memory of all others, so there is always something to do.
    if (step.decode.length === 0 && step.prefill.length === 0) {
      this.letGo();
      this.fill(step, [first]);
    }
    return step;
  }

  private fill(step: Step, rows: readonly ScheduledSequence[]): void {
    // Batch work comes in smaller steps, since an online request may arrive meanwhile.
    const stepTokens = rankOf(rows[0]!) === 0 ? this.limits.stepTokens : this.limits.stepTokens >> 1;
    const shares = shareOut(rows, stepTokens, this.ledger.pool);
    for (const { blocks } of shares.values()) this.acquired.push(...blocks);
    const decoding: ScheduledSequence[] = [];
    for (const row of rows) {
      const share = shares.get(row.id);
      // An earlier row may have taken this one's memory in the meantime.
      if (!share || row.state !== 'running') continue;
      if (!isDecoding(row)) this.prefill(row, share, step);
      else if (this.ledger.makeRoom(1, row, step)) {
        decoding.push(row);
        this.served(row, row.length);
      }
    }
    step.decode.push(...decodeGroups(decoding, this.limits.kvTokens >> 3));
  }

  private prefill(row: ScheduledSequence, { count, blocks }: Share, step: Step): void {
    const from = row.computed + blocks.length * BLOCK_TOKENS;
    if (this.ledger.makeRoom(from - row.computed + count, row, step)) {
      step.prefill.push({ id: row.id, from, count, blocks });
      this.served(row, from + count);
    } else if (blocks.length > 0) {
      // Cached blocks and their copy do not fit side by side: without its reader a block can make room.
      this.letGo(blocks);
      this.prefill(row, { count, blocks: [] }, step);
    }
  }

  private served(row: ScheduledSequence, computed: number): void {
    row.computed = computed;
    row.servedAt = this.steps;
    this.admission.served(row);
  }

  private letGo(blocks: readonly number[] = [...this.acquired]): void {
    this.ledger.pool.release(blocks);
    for (const block of blocks) this.acquired.splice(this.acquired.indexOf(block), 1);
  }

  private known(id: number): ScheduledSequence {
    const sequence = this.sequences.get(id);
    if (!sequence) throw new Error(`Sequence ${id} is not scheduled. This is a bug.`);
    return sequence;
  }
}

/** The last token is always computed, for its logits. */
const reusable = (keys: readonly string[], length: number): readonly string[] => keys.slice(0, Math.max(0, Math.floor((length - 1) / BLOCK_TOKENS)));
