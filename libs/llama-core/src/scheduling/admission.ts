import { byPriority, inState, rankOf, type ScheduledSequence } from './scheduled-sequence.js';

export interface AdmissionLimits {
  /** Sequences computed side by side. */
  maxRunning: number;
  kvTokens: number;
}

/** Later arrivals admitted before one that does not fit yet, until it is its turn and nobody else's. */
const MAX_PASSED_OVER = 16;
/** Room that an admitted sequence shall find for its next tokens. */
const HEADROOM_TOKENS = 32;
/** Steps of online work after which the oldest batch sequence is served with it. */
const BATCH_PATIENCE_STEPS = 64;

/** Says which waiting sequences may run: online before batch, then first come, first served, as long as their tokens fit. */
export class Admission {
  private stepsWithoutBatch = 0;

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly sequences: ReadonlyMap<number, ScheduledSequence>,
  ) {}

  admit(): void {
    this.ageBatch();
    const passed: ScheduledSequence[] = [];
    for (const sequence of inState(this.sequences, 'waiting').sort(byPriority)) {
      if (passed.some(({ passedOver }) => passedOver >= MAX_PASSED_OVER)) return;
      if (!this.fits(sequence)) passed.push(sequence);
      else if (!this.findSlot(sequence)) return;
      else {
        sequence.state = 'running';
        for (const earlier of passed) earlier.passedOver += 1;
      }
    }
  }

  /** To be told of every sequence that is served. */
  served(sequence: ScheduledSequence): void {
    if (sequence.lane === 'batch') this.stepsWithoutBatch = 0;
  }

  /** An online sequence takes the place of the youngest batch one, which keeps its memory while there is enough. */
  private findSlot(sequence: ScheduledSequence): boolean {
    const running = inState(this.sequences, 'running').sort(byPriority);
    if (running.length < this.limits.maxRunning) return true;
    const last = running.at(-1);
    if (!last || rankOf(last) <= rankOf(sequence)) return false;
    last.state = 'waiting';
    return true;
  }

  /** By what is really there, not by how long an answer may become. A sequence alone always fits: its length was checked against the context before. */
  private fits(sequence: ScheduledSequence): boolean {
    const running = inState(this.sequences, 'running').filter((other) => rankOf(other) <= rankOf(sequence));
    if (running.length === 0) return true;
    const committed = running.reduce((tokens, other) => tokens + other.length + HEADROOM_TOKENS, 0);
    return committed + sequence.length <= this.limits.kvTokens;
  }

  /** Batch work never stands still for good: after long patience its oldest sequence goes with the online ones, one at a time. */
  private ageBatch(): void {
    const batch = Array.from(this.sequences.values()).filter(({ lane, state }) => lane === 'batch' && state !== 'idle');
    this.stepsWithoutBatch = batch.length === 0 ? 0 : this.stepsWithoutBatch + 1;
    if (this.stepsWithoutBatch < BATCH_PATIENCE_STEPS || batch.some(({ urgent }) => urgent)) return;
    batch.sort(byPriority)[0]!.urgent = true;
  }
}
