import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

/** Writes server-sent events on a hijacked reply; headers leave with the first event, so an error before it is still a plain HTTP error. */
export class SseWriter {
  private opened = false;

  constructor(private readonly reply: FastifyReply) {}

  get started(): boolean {
    return this.opened;
  }

  /** Sends one event with JSON data and waits while the client is slow. */
  async send(data: unknown, event?: string): Promise<void> {
    await this.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Keeps a silent connection open; clients do not see it. */
  async keepAlive(): Promise<void> {
    await this.write(': keep-alive\n\n');
  }

  /** OpenAI's end marker. */
  async sendDone(): Promise<void> {
    await this.write('data: [DONE]\n\n');
  }

  end(): void {
    if (!this.reply.raw.writableEnded) this.reply.raw.end();
  }

  private async write(frame: string): Promise<void> {
    const { raw } = this.reply;
    if (raw.destroyed || raw.writableEnded) return;
    this.open();
    if (!raw.write(frame) && !raw.destroyed) await Promise.race([once(raw, 'drain'), once(raw, 'close')]);
  }

  private open(): void {
    if (this.opened) return;
    this.opened = true;
    this.reply.hijack();
    const headers = { ...this.reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', connection: 'keep-alive', 'x-accel-buffering': 'no' };
    this.reply.raw.writeHead(200, headers as Record<string, string>);
    this.reply.raw.flushHeaders();
  }
}
