import { readFile } from 'node:fs/promises';
import { SallyportError } from '@sallyport/contracts';

/** One model of an OpenAI-compatible server. */
export interface UpstreamRoute {
  /** Name under which clients ask for it. */
  id: string;
  /** Up to and including `/v1`. */
  baseUrl: string;
  /** Name that the server knows it by. */
  model: string;
  apiKey?: string;
  contextTokens?: number;
}

const REFERENCE = /^openai:(https?:\/\/[^#]+)#(.+)$/;

/** The route of a reference `openai:<base URL>#<model>`; undefined for anything else. */
export function parseUpstreamReference(reference: string): UpstreamRoute | undefined {
  const [, baseUrl, model] = REFERENCE.exec(reference) ?? [];
  return baseUrl === undefined || model === undefined ? undefined : { id: model, baseUrl: baseUrl.replace(/\/$/, ''), model };
}

/** Reads SALLYPORT_UPSTREAMS: `{"upstreams": [{"id", "base_url", "model"?, "api_key"?, "context_tokens"?}]}`. Throws `invalid_request` naming the entry. */
export async function readUpstreamFile(path: string): Promise<UpstreamRoute[]> {
  const parsed = parse(await readFile(path, 'utf8'), path);
  const entries = (parsed as { upstreams?: unknown } | null)?.upstreams;
  if (!Array.isArray(entries)) throw wrong(path, 'an object with a list "upstreams"');
  return entries.map((entry: unknown, at) => readEntry(entry as Record<string, unknown> | null, `${path} upstreams.${at}`));
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(path, 'JSON');
  }
}

function readEntry(entry: Record<string, unknown> | null, where: string): UpstreamRoute {
  const { id, base_url: baseUrl, model = id, api_key: apiKey, context_tokens: contextTokens } = entry ?? {};
  if (typeof id !== 'string' || id === '' || typeof model !== 'string') throw wrong(where, 'an "id" (the model name for clients)');
  if (typeof baseUrl !== 'string' || !/^https?:\/\//.test(baseUrl)) throw wrong(where, 'a "base_url" that begins with http:// or https://');
  return { id, baseUrl: baseUrl.replace(/\/$/, ''), model, ...(typeof apiKey === 'string' ? { apiKey } : {}), ...(typeof contextTokens === 'number' ? { contextTokens } : {}) };
}

const wrong = (where: string, expected: string): SallyportError => new SallyportError('invalid_request', `${where}: expected ${expected}.`, { param: 'SALLYPORT_UPSTREAMS' });
