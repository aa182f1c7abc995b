import { readFile } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.js';
import { CliError } from '../../cli-error.js';

/** Where the server is, and who asks. */
export interface ServerFlags {
  url: string;
  key?: string;
  keyFile?: string;
}

/** What to send. `body` is JSON. */
interface Call {
  method?: string;
  body?: unknown;
  ifMatch?: string | undefined;
}

interface ErrorBody {
  error?: { message?: string; code?: string; param?: string | null };
}

/** The policy routes of a running server. Failures are {@link CliError}s with an exit code of their own. */
export class PolicyServer {
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

  private async send(path: string, { method = 'GET', body, ifMatch }: Call): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const key = await this.key();
    if (key) headers['authorization'] = `Bearer ${key}`;
    if (ifMatch !== undefined) headers['if-match'] = ifMatch;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const url = this.resolve(path);
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }).catch((cause: unknown) => { throw new CliError(`${url.origin} cannot be reached.`, cause); });
    if (!response.ok) throw await failure(response);
    return response;
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
