import { Worker } from 'node:worker_threads';
import { LlamaCoreError, type LlamaCoreErrorCode } from '../errors.js';

/** An error as it crosses the thread border. */
export interface WireError {
  code: LlamaCoreErrorCode;
  message: string;
  param?: string;
}

export const toWireError = (error: unknown): WireError =>
  error instanceof LlamaCoreError
    ? { code: error.code, message: error.message, ...(error.param === undefined ? {} : { param: error.param }) }
    : { code: 'worker_crashed', message: `The model worker failed: ${error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : 'unknown error'}.` };

const fromWireError = (wire: WireError): LlamaCoreError => new LlamaCoreError(wire.code, wire.message, wire.param === undefined ? {} : { param: wire.param });

export type ToWorker<Body> = { type: 'request'; id: number; body: Body } | { type: 'cancel'; id: number } | { type: 'close' };
export type FromWorker<Event, Info> =
  | { type: 'ready'; info: Info }
  | { type: 'failed'; error: WireError }
  | { type: 'event'; id: number; event: Event }
  | { type: 'end'; id: number; error?: WireError };

interface Pending<Event> {
  push(event: Event): void;
  end(error?: LlamaCoreError): void;
}

/** Compiled worker files lie in dist; tests run the sources beside it. */
const workerUrl = (file: string): URL => new URL(import.meta.url.endsWith('.ts') ? `../../dist/engine/${file}` : `./${file}`, import.meta.url);

/** A worker thread that holds one model. A crash fails what is under way with `worker_crashed`; the next request starts it anew. */
export class WorkerLink<Body, Event, Info> {
  private readonly pending = new Map<number, Pending<Event>>();
  private starting: Promise<{ worker: Worker; info: Info }> | undefined;
  private nextId = 1;
  private closed = false;

  constructor(
    private readonly file: string,
    private readonly options: unknown,
  ) {}

  /** Loads the model if that has not happened, and tells what it is. */
  async info(): Promise<Info> {
    return (await this.running()).info;
  }

  /** Sends a request and gives its events. Leaving the loop or aborting the signal cancels it. @throws LlamaCoreError. */
  async *request(body: Body, signal?: AbortSignal): AsyncGenerator<Event> {
    if (signal?.aborted) throw cancelled();
    const { worker } = await this.running();
    const id = this.nextId++;
    const queue: Event[] = [];
    let ended: { error?: LlamaCoreError } | undefined;
    let wake: () => void = () => undefined;
    const end = (error?: LlamaCoreError) => {
      ended ??= error ? { error } : {};
      wake();
    };
    const onAbort = () => end(cancelled());
    this.pending.set(id, { push: (event) => { queue.push(event); wake(); }, end });
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      worker.postMessage({ type: 'request', id, body } satisfies ToWorker<Body>);
      for (;;) {
        while (queue.length > 0) yield queue.shift()!;
        if (ended?.error) throw ended.error;
        if (ended) return;
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (this.pending.delete(id)) worker.postMessage({ type: 'cancel', id } satisfies ToWorker<Body>);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const started = await this.starting?.catch(() => undefined);
    if (!started) return;
    const exited = new Promise((resolve) => started.worker.once('exit', resolve));
    started.worker.postMessage({ type: 'close' } satisfies ToWorker<Body>);
    const late = setTimeout(() => void started.worker.terminate(), 5_000);
    await exited;
    clearTimeout(late);
  }

  private running(): Promise<{ worker: Worker; info: Info }> {
    if (this.closed) return Promise.reject(new LlamaCoreError('engine_closed', 'The engine is closed.'));
    this.starting ??= this.start();
    return this.starting;
  }

  private start(): Promise<{ worker: Worker; info: Info }> {
    const worker = new Worker(workerUrl(this.file), { workerData: this.options });
    return new Promise((resolve, reject) => {
      const gone = (error: LlamaCoreError) => {
        this.starting = undefined;
        reject(error);
        for (const pending of this.pending.values()) pending.end(error);
        this.pending.clear();
      };
      worker.on('message', (messages: Array<FromWorker<Event, Info>>) => {
        for (const message of messages) {
          if (message.type === 'ready') resolve({ worker, info: message.info });
          else if (message.type === 'failed') gone(fromWireError(message.error));
          else this.deliver(message);
        }
      });
      worker.on('error', (cause) => gone(new LlamaCoreError('worker_crashed', 'The model worker crashed.', { cause })));
      worker.on('exit', (code) => gone(this.closed ? new LlamaCoreError('engine_closed', 'The engine is closed.') : new LlamaCoreError('worker_crashed', `The model worker ended with code ${code}.`)));
    });
  }

  private deliver(message: Extract<FromWorker<Event, Info>, { id: number }>): void {
    const pending = this.pending.get(message.id);
    if (message.type === 'event') pending?.push(message.event);
    else {
      this.pending.delete(message.id);
      pending?.end(message.error && fromWireError(message.error));
    }
  }
}

const cancelled = () => new LlamaCoreError('cancelled', 'The request was cancelled by its caller.');
