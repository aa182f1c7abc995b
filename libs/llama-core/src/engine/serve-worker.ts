import { parentPort } from 'node:worker_threads';
import { giveWayToMessages } from './thread-priority.js';
import { type FromWorker, type ToWorker, toWireError } from './worker-link.js';

/** The worker's side of a link: what it does with requests. */
export interface WorkerService<Body> {
  submit(id: number, body: Body): void;
  cancel(id: number): void;
  close(): Promise<void>;
}

export interface Outlet<Event> {
  event(id: number, event: Event): void;
  end(id: number, error?: unknown): void;
}

/** Gathers what is sent within one turn: waking the other thread costs more than a token does, and a batch makes many at once. */
function inOneMessage<Message>(post: (messages: Message[]) => void): (message: Message) => void {
  let outbox: Message[] = [];
  return (message) => {
    if (outbox.push(message) > 1) return;
    queueMicrotask(() => {
      const messages = outbox;
      outbox = [];
      post(messages);
    });
  };
}

/** Lowers its thread's priority, opens the service, reports ready or failed, then hands it every message. */
export async function serveWorker<Body, Event, Info>(open: (outlet: Outlet<Event>) => Promise<{ service: WorkerService<Body>; info: Info }>): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('This file runs as a worker thread only.');
  giveWayToMessages();
  const send = inOneMessage<FromWorker<Event, Info>>((messages) => port.postMessage(messages));
  const outlet: Outlet<Event> = {
    event: (id, event) => send({ type: 'event', id, event }),
    end: (id, error) => send({ type: 'end', id, ...(error === undefined ? {} : { error: toWireError(error) }) }),
  };
  try {
    const { service, info } = await open(outlet);
    port.on('message', (message: ToWorker<Body>) => {
      if (message.type === 'request') service.submit(message.id, message.body);
      else if (message.type === 'cancel') service.cancel(message.id);
      else void service.close().finally(() => process.exit(0));
    });
    send({ type: 'ready', info });
  } catch (error) {
    send({ type: 'failed', error: toWireError(error) });
    setImmediate(() => port.close());
  }
}
