import { readFile } from 'node:fs/promises';
import { EXIT } from './exit-codes.js';
import { CliError } from './cli-error.js';

/** Where the server is, and who asks. */
export interface ServerFlags {
  url: string;
  key?: string;
  keyFile?: string;
}

/** What to send. `body` is JSON; `bytes` goes out as it is, with the media type in `contentType`. */
export interface Call {
  method?: string;
  body?: unknown;
  bytes?: AsyncIterable<Uint8Array>;
  contentType?: string;
  ifMatch?: string | undefined;
  signal?: AbortSignal;
}

interface ErrorBody {
  error?: { message?: string; code?: string; param?: string | null };
}

/** The routes of a running server under /v1. Failures are {@link CliError}s with an exit code of their own. */
export class GatewayConnection {
  constructor(private readonly flags: ServerFlags) {}

  get<Answer>(path: string): Promise<Answer> {
    return this.call<Answer>(path);
  }

  /** The answer and the ETag of what it shows. */
  async getTagged<Answer>(path: string): Promise<{ answer: Answer; etag: string | undefined }> {
    const response = await this.send(path, {});
    return { answer: (await response.json()) as Answer, etag: response.headers.get('etag') ?? undefined };
  }

  post<Answer>(path: string, body: unknown, ifMatch?: string): Promise<Answer> {
    return this.call<Answer>(path, { method: 'POST', body, ifMatch });
  }

  private async call<Answer>(path: string, call: Call = {}): Promise<Answer> {
    return (await (await this.send(path, call)).json()) as Answer;
  }

  /** The response itself; throws a CliError for one that is not a success, and for a server that cannot be reached. */
  async send(path: string, call: Call = {}): Promise<Response> {
    const url = this.resolve(path);
    const response = await fetch(url, await this.request(call)).catch((cause: unknown) => {
      if (call.signal?.aborted) throw cause;
      throw new CliError(`${url.origin} cannot be reached.`, cause);
    });
    if (!response.ok) throw await failure(response);
    return response;
  }

  private async request({ method = 'GET', body, bytes, contentType, ifMatch, signal }: Call): Promise<RequestInit> {
    const headers: Record<string, string> = {};
    const key = await this.key();
    if (key) headers['authorization'] = `Bearer ${key}`;
    if (ifMatch !== undefined) headers['if-match'] = ifMatch;
    if (body !== undefined || contentType !== undefined) headers['content-type'] = contentType ?? 'application/json';
    // `duplex` is what fetch asks for when a body is streamed; its types do not know it.
    const sent = bytes ? { body: bytes as unknown as NonNullable<RequestInit['body']>, duplex: 'half' } : body === undefined ? {} : { body: JSON.stringify(body) };
    return { method, headers, ...sent, ...(signal ? { signal } : {}) } as RequestInit;
  }

  private async key(): Promise<string | undefined> {
    const { key, keyFile } = this.flags;
    if (keyFile === undefined) return key;
    return (await readFile(keyFile, 'utf8').catch((cause: unknown) => { throw new CliError(`--key-file: ${keyFile} cannot be read.`, cause, EXIT.invalid); })).trim();
  }

  private resolve(path: string): URL {
    const base = this.flags.url.replace(/\/+$/, '');
    if (!URL.canParse(`${base}/v1/${path}`)) throw new CliError(`--url: ${this.flags.url} is not a URL.`, undefined, EXIT.invalid);
    return new URL(`${base}/v1/${path}`);
  }
}

async function failure(response: Response): Promise<CliError> {
  const { error } = (await response.json().catch(() => ({}))) as ErrorBody;
  const message = error?.message === undefined ? `The server answered ${response.status}.` : `${error.message} (${error.code}${error.param ? `, ${error.param}` : ''})`;
  return new CliError(message, undefined, exitCodeOf(response.status));
}

function exitCodeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.forbidden;
  if (status === 404) return EXIT.notFound;
  if (status === 409) return EXIT.conflict;
  return status === 400 || status === 413 || status === 422 ? EXIT.invalid : EXIT.failed;
}
