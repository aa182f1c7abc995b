import { SallyportError } from '@sallyport/contracts';
import { type LlamaGuardVersion, llamaGuardVersion } from '@sallyport/policy';
import { versionInName } from './guard-version.js';

/** A model in a folder, in a GGUF file, or on the hub. */
export interface ModelReference {
  kind: 'model';
  reference: string;
  /** As the reference says it, by its suffix or its name. */
  version: LlamaGuardVersion | undefined;
}

/** A Llama Guard on an OpenAI-compatible server. */
export interface ServerReference {
  kind: 'server';
  /** Up to and including `/v1`. */
  baseUrl: string;
  model: string;
  version: LlamaGuardVersion;
}

/** What SALLYPORT_GUARD can name. */
export type GuardReference = { kind: 'bundled' } | ModelReference | ServerReference | { kind: 'cascade'; second: ModelReference | ServerReference };

const CASCADE = 'bundled+';
const SERVER = 'openai:';

/**
 * Reads SALLYPORT_GUARD: `bundled`, a path, `hf:org/name[@revision]`, `openai:<base url>#<model>`, or `bundled+` and one of these for a cascade. Each but `bundled` may end
 * with a version such as `@llama-guard-3-1b`. @throws SallyportError `invalid_request`.
 */
export function parseGuardReference(text: string): GuardReference {
  if (text === 'bundled') return { kind: 'bundled' };
  if (!text.startsWith(CASCADE)) return single(text);
  const rest = text.slice(CASCADE.length);
  return rest === '' || rest === 'bundled' ? refuse('expected a Llama Guard after bundled+.') : { kind: 'cascade', second: single(rest) };
}

function single(text: string): ModelReference | ServerReference {
  const at = text.lastIndexOf('@');
  const said = at < 0 ? undefined : llamaGuardVersion(text.slice(at + 1));
  const reference = said === undefined ? text : text.slice(0, at);
  if (reference.startsWith(SERVER)) return server(reference.slice(SERVER.length), said);
  return { kind: 'model', reference, version: said ?? versionInName(reference.startsWith('hf:') ? reference.replace(/@.*$/, '') : reference) };
}

function server(text: string, said: LlamaGuardVersion | undefined): ServerReference {
  const hash = text.indexOf('#');
  const [baseUrl, model] = hash < 0 ? [text, ''] : [text.slice(0, hash).replace(/\/+$/, ''), text.slice(hash + 1)];
  if (model === '' || !URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) return refuse('expected openai:<base url>#<model>, such as openai:http://127.0.0.1:8000/v1#meta-llama/Llama-Guard-3-8B.');
  return { kind: 'server', baseUrl, model, version: said ?? versionInName(model) ?? refuse(unknownVersion(model)) };
}

/** What to do about a model whose version nothing tells. */
export const unknownVersion = (name: string): string => `nothing tells which Llama Guard ${name} is; put its version after the reference, such as @llama-guard-3-8b.`;

function refuse(what: string): never {
  throw new SallyportError('invalid_request', `SALLYPORT_GUARD: ${what}`, { param: 'SALLYPORT_GUARD' });
}
