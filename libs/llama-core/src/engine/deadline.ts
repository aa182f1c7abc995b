import { LlamaCoreError } from '../errors.js';

/** Longest delay that a timer can have. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const deadlineExceeded = () => new LlamaCoreError('deadline_exceeded', 'The deadline of the request passed before its end.');

/** The items of a request that is aborted when its deadline passes, even while the worker is too busy to look at the clock. @throws LlamaCoreError `deadline_exceeded` */
export async function* untilDeadline<Item>(deadlineMs: number | undefined, signal: AbortSignal | undefined, open: (signal: AbortSignal | undefined) => AsyncIterable<Item>): AsyncGenerator<Item> {
  if (deadlineMs === undefined || deadlineMs > MAX_TIMER_MS) return yield* open(signal);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  try {
    yield* open(signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } catch (error) {
    throw late.signal.aborted && !signal?.aborted ? deadlineExceeded() : error;
  } finally {
    clearTimeout(timer);
  }
}
