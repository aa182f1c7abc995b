import { createServer, type Server } from 'node:http';

/** An OpenAI-compatible server that streams the answer a test gives it, word by word. */
export class StubUpstream {
  answer = 'Hello.';
  /** Pause between words. */
  wordMs = 0;
  requests = 0;

  private constructor(
    private readonly server: Server,
    readonly baseUrl: string,
  ) {}

  static async start(): Promise<StubUpstream> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const stub = new StubUpstream(server, `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`);
    server.on('request', (request, response) => {
      request.resume();
      stub.requests += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void stub.stream((chunk) => response.write(`data: ${chunk}\n\n`)).then(() => response.end());
    });
    return stub;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async stream(send: (data: string) => void): Promise<void> {
    for (const word of this.answer.match(/\S+\s*/g) ?? []) {
      send(JSON.stringify({ choices: [{ index: 0, delta: { content: word } }] }));
      if (this.wordMs > 0) await new Promise((resolve) => setTimeout(resolve, this.wordMs));
    }
    send(JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    send(JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }));
    send('[DONE]');
  }
}
