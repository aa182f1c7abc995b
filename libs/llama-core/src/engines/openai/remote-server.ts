import { LlamaCoreError } from '../../errors.js';
import type { OpenAiClient } from './openai-client.js';

/** Which server speaks: they differ in the names of some fields and in what they can do beyond OpenAI's API. */
export type RemoteKind = 'vllm' | 'llama.cpp' | 'other';

export interface RemoteServer {
  kind: RemoteKind;
  /** 0 where the server does not say. */
  contextTokens: number;
  /** 0 where the server does not say. */
  vocabularySize: number;
}

interface WireModel {
  id?: string;
  owned_by?: string;
  max_model_len?: number;
  meta?: { n_vocab?: number; n_ctx?: number; n_ctx_train?: number } | null;
}

const KINDS: Record<string, RemoteKind> = { vllm: 'vllm', llamacpp: 'llama.cpp' };

/** Asks `GET /models`. @throws LlamaCoreError `model_not_found` when the server lists models and this is none of them. */
export async function inspectServer(client: OpenAiClient, model: string): Promise<RemoteServer> {
  const { data = [] } = await client.json<{ data?: WireModel[] }>('models');
  const found = data.find(({ id }) => id === model) ?? (data.length === 1 && data[0]?.owned_by === 'llamacpp' ? data[0] : undefined);
  if (!found) throw new LlamaCoreError('model_not_found', `The server ${client.host} has no such model; it has ${data.map(({ id }) => id).slice(0, 20).join(', ') || 'none'}.`, { param: 'model' });
  const { owned_by: owner = '', max_model_len: length, meta } = found;
  return { kind: KINDS[owner] ?? 'other', contextTokens: length ?? meta?.n_ctx ?? meta?.n_ctx_train ?? 0, vocabularySize: meta?.n_vocab ?? 0 };
}
