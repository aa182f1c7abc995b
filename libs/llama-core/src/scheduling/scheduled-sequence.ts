/** Online: a person waits; served first. Batch: takes what is left over. */
export type Lane = 'online' | 'batch';

/** What the scheduler knows of a sequence: numbers only. */
export interface ScheduledSequence {
  readonly id: number;
  readonly lane: Lane;
  /** A batch sequence that has waited so long that it is served with the online ones. */
  urgent: boolean;
  /** Place in the order of arrival; a preempted sequence keeps it. */
  order: number;
  /** Idle: everything is computed; its memory is kept until somebody needs it. */
  state: 'waiting' | 'running' | 'idle';
  /** Tokens it consists of. */
  length: number;
  /** How many of them, from the start, have their keys and values in memory. */
  computed: number;
  /** Keys of its blocks that may come from the prefix cache. */
  keys: readonly string[];
  /** Times that a later arrival was admitted before it. */
  passedOver: number;
  /** Number of the step that served it last. */
  servedAt: number;
}

export const pendingOf = (sequence: ScheduledSequence): number => sequence.length - sequence.computed;

/** 0 is served before 1. */
export const rankOf = (sequence: ScheduledSequence): number => (sequence.lane === 'online' || sequence.urgent ? 0 : 1);

/** Sorts by priority: online before batch, then first come, first served. */
export const byPriority = (a: ScheduledSequence, b: ScheduledSequence): number => rankOf(a) - rankOf(b) || a.order - b.order;

/** Ready to be decoded in one batch with others: one token is missing. */
export const isDecoding = (sequence: ScheduledSequence): boolean => sequence.computed > 0 && pendingOf(sequence) === 1;

export const inState = (sequences: ReadonlyMap<number, ScheduledSequence>, state: ScheduledSequence['state']): ScheduledSequence[] =>
  Array.from(sequences.values()).filter((sequence) => sequence.state === state);
