import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { download } from './download.js';

/** Where a hub is and who asks. */
export interface HubAccess {
  /** Default `https://huggingface.co`. */
  endpoint?: string;
  token?: string;
}

export const HUB = 'https://huggingface.co';
const WANTED = /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|model\.safetensors\.index)\.json$|^chat_template\.jinja$|^LICENSE|^USE_POLICY|\.safetensors$/;

export const headersOf = ({ token }: HubAccess): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });

export const hubFileUrl = (access: HubAccess, repo: string, revision: string, file: string): string => `${access.endpoint ?? HUB}/${repo}/resolve/${revision}/${file}`;

export interface RepoPull extends HubAccess {
  /** `org/name`. */
  repo: string;
  revision: string;
  folder: string;
  onFile?: (file: string, receivedBytes: number, totalBytes: number | undefined) => void;
  signal?: AbortSignal;
}

/** Downloads what llama-core reads of a hub repository into a folder; files that are there already stay. @throws LlamaCoreError. */
export async function pullRepo(pull: RepoPull): Promise<void> {
  const files = await listFiles(pull);
  const wanted = files.filter((file) => WANTED.test(file.name));
  if (!wanted.some((file) => file.name.endsWith('.safetensors'))) throw new LlamaCoreError('hub_not_found', `${pull.repo} holds no safetensors.`, { param: pull.repo });
  for (const { name, sha256 } of wanted) {
    await download({
      url: hubFileUrl(pull, pull.repo, pull.revision, name),
      target: join(pull.folder, name),
      headers: headersOf(pull),
      onProgress: (received, total) => pull.onFile?.(name, received, total),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(pull.signal ? { signal: pull.signal } : {}),
    });
  }
}

interface HubFile {
  name: string;
  /** Large files only. */
  sha256?: string;
}

async function listFiles(pull: RepoPull): Promise<HubFile[]> {
  const url = `${pull.endpoint ?? HUB}/api/models/${pull.repo}/revision/${pull.revision}?blobs=true`;
  const response = await fetch(url, { headers: headersOf(pull), signal: pull.signal ?? AbortSignal.timeout(30_000) }).catch((cause) => {
    throw new LlamaCoreError('hub_unreachable', `${new URL(url).host} cannot be reached.`, { cause });
  });
  if (response.status === 401 || response.status === 403) throw new LlamaCoreError('hub_unauthorized', `The hub refused access to ${pull.repo}. Accept the model's licence on its page and set HF_TOKEN to a token that may read it.`, { param: pull.repo });
  if (!response.ok) throw new LlamaCoreError(response.status === 404 ? 'hub_not_found' : 'hub_unreachable', `The hub answered ${response.status} for ${pull.repo}.`, { param: pull.repo });
  const body = (await response.json()) as { siblings?: Array<{ rfilename: string; lfs?: { sha256?: string } }> };
  return (body.siblings ?? []).map(({ rfilename, lfs }) => (lfs?.sha256 === undefined ? { name: rfilename } : { name: rfilename, sha256: lfs.sha256 }));
}
