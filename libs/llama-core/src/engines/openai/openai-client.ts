import { EventSourceParserStream } from 'eventsource-parser/stream';
import { LlamaCoreError } from '../../errors.js';
import { refused } from './refused.js';
import type { WireChunk } from './wire.js';

/** Where a server is and how long it may be silent. */
export interface OpenAiClientOptions {
  /** Up to and including `/v1`. */
  baseUrl: string;
  apiKey?: string;
  /** Longest wait for the next sign of life, in milliseconds; absent: none. */
  silenceMs?: number;
}

/** What may end one call early. */
export interface CallOptions {
  signal?: AbortSignal;
  /** Milliseconds after which the call fails, wherever it is by then. */
  deadlineMs?: number;
}

/** An OpenAI-compatible server: requests out, typed errors and parsed chunks back. The server's own messages may quote the prompt, so they never pass. */
export class OpenAiClient {
  readonly host: string;

  constructor(private readonly options: OpenAiClientOptions) {
    this.host = new URL(options.baseUrl).host;
  }

  /** Chunks of a streamed answer with `choices` choices. Leaving the loop ends the request. @throws LlamaCoreError. */
  async *stream(path: string, body: object, { choices = 1, ...options }: CallOptions & { choices?: number } = {}): AsyncGenerator<WireChunk> {
    const call = new Call(options, this.options.silenceMs);
    let [finished, complete] = [0, false];
    try {
      const response = await this.send(path, { method: 'POST', body: JSON.stringify({ ...body, stream: true }) }, call);
      for await (const { data } of eventsOf(response)) {
        call.beat();
        complete = data === '[DONE]';
        if (complete) break;
        const chunk = readChunk(data);
        finished += chunk.choices?.filter(({ finish_reason: reason }) => reason).length ?? 0;
        yield chunk;
      }
    } catch (error) {
      throw call.failure(error, 'The server broke off its answer.');
    } finally {
      call.end();
    }
    // A connection that closes cleanly in mid-answer must not look like a finished one.
    if (!complete && finished < choices) throw new LlamaCoreError('remote_error', 'The server ended its answer without a finish reason.');
  }

  /** A JSON answer. Paths that begin with `/` lie beside `/v1`, others below it. @throws LlamaCoreError. */
  async json<Answer>(path: string, body?: object, options: CallOptions = {}): Promise<Answer> {
    const call = new Call(options, this.options.silenceMs);
    try {
      const response = await this.send(path, body ? { method: 'POST', body: JSON.stringify(body) } : {}, call);
      return (await response.json()) as Answer;
    } catch (error) {
      throw call.failure(error, 'The server sent an answer that is not JSON.');
    } finally {
      call.end();
    }
  }

  private async send(path: string, init: RequestInit, call: Call): Promise<Response> {
    const { baseUrl, apiKey } = this.options;
    const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
    const url = path.startsWith('/') ? baseUrl.replace(/\/v1$/, path) : `${baseUrl}/${path}`;
    const response = await fetch(url, { ...init, headers, signal: call.signal }).catch((cause: unknown) => {
      if (call.signal.aborted) throw cause;
      throw new LlamaCoreError('remote_unreachable', `The server ${this.host} cannot be reached.`, { retryAfterS: 2, cause });
    });
    call.beat();
    if (response.ok && response.body) return response;
    throw await refused(response);
  }
}

/** What may end a request early: its caller, its deadline, a silent server. */
class Call {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly deadline: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private late: string | undefined;

  constructor(
    private readonly options: CallOptions,
    private readonly silenceMs: number | undefined,
  ) {
    this.signal = options.signal ? AbortSignal.any([options.signal, this.controller.signal]) : this.controller.signal;
    if (options.deadlineMs !== undefined) this.deadline = setTimeout(() => this.expire(`The answer was not there within ${options.deadlineMs} ms.`), options.deadlineMs);
    this.beat();
  }

  /** The server lives. */
  beat(): void {
    clearTimeout(this.silence);
    if (this.silenceMs !== undefined) this.silence = setTimeout(() => this.expire(`The server said nothing for ${this.silenceMs} ms.`), this.silenceMs);
  }

  end(): void {
    clearTimeout(this.silence);
    clearTimeout(this.deadline);
    this.controller.abort();
  }

  failure(error: unknown, otherwise: string): LlamaCoreError {
    if (this.late !== undefined) return new LlamaCoreError('deadline_exceeded', this.late, { cause: error });
    if (this.options.signal?.aborted) return new LlamaCoreError('cancelled', 'The request was cancelled by its caller.', { cause: error });
    return error instanceof LlamaCoreError ? error : new LlamaCoreError('remote_error', otherwise, { cause: error });
  }

  private expire(why: string): void {
    this.late = why;
    this.controller.abort();
  }
}

function eventsOf(response: Response): AsyncIterable<{ data: string }> {
  return response.body!.pipeThrough(new TextDecoderStream() as never).pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<{ data: string }>;
}

function readChunk(data: string): WireChunk {
  let chunk: WireChunk;
  try {
    chunk = JSON.parse(data) as WireChunk;
  } catch {
    throw new LlamaCoreError('remote_error', 'The server sent an event that is not JSON.');
  }
  if (chunk.error) throw new LlamaCoreError('remote_error', 'The server reported an error in mid-answer.');
  return chunk;
}
