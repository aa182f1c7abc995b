import { type ErrorPayload, type Lane, SallyportError } from '@sallyport/contracts';

/** What a handler knows of its call besides the data. */
export interface CallContext {
  /** Aborts when nobody waits for the answer any more: cancelled, or past its deadline. */
  signal: AbortSignal;
  lane: Lane;
  /** When `signal` aborts at the latest: milliseconds since 1970. */
  deadlineAt: number;
}

/** Answers one pattern: with a promise of one reply, or with an async iterable of many. */
export type Handler = (data: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>;
export type Handlers = Readonly<Record<string, Handler>>;

/** One step of an answer on its way to the caller. */
export type ReplyEntry = { kind: 'item'; data: unknown } | { kind: 'reply'; data: unknown } | { kind: 'end' } | { kind: 'error'; error: ErrorPayload };

export const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> => typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** Runs the handler of a pattern and emits its answer; the last entry is always `reply`, `end` or `error`. It never throws. */
export async function serveCall(handlers: Handlers, call: { pattern: string; data: unknown }, context: CallContext, emit: (entry: ReplyEntry) => void): Promise<void> {
  try {
    const handler = handlers[call.pattern];
    if (!handler) throw new SallyportError('not_found', 'The service does not know this message pattern.', { param: call.pattern });
    const started = handler(call.data, context);
    const result = isAsyncIterable(started) ? started : await started;
    if (isAsyncIterable(result)) {
      for await (const data of result) {
        refuseLate(context.signal);
        emit({ kind: 'item', data });
      }
    }
    refuseLate(context.signal);
    emit(isAsyncIterable(result) ? { kind: 'end' } : { kind: 'reply', data: result });
  } catch (error) {
    emit({ kind: 'error', error: SallyportError.from(error).toPayload() });
  }
}

/** What a handler still gives after its call was aborted may be half an answer, so it does not count as one. */
function refuseLate(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof SallyportError ? signal.reason : new SallyportError('cancelled', 'The call was cancelled.');
}
