import type { Continuation, ContinuationScore, Prompt, ScoreRequest, ScoreResult } from '../../engine/engine.js';
import { LlamaCoreError } from '../../errors.js';
import type { CallOptions, OpenAiClient } from './openai-client.js';
import type { RemoteKind } from './remote-server.js';
import { UNKNOWN_TOKEN_ID } from './remote-tokens.js';
import type { WireLogprobs } from './wire.js';

interface EchoAnswer {
  choices?: Array<{ logprobs?: WireLogprobs | null }>;
  usage?: { prompt_tokens?: number } | null;
}

/** A server that scores, and what it is asked. */
export interface RemoteScoring {
  client: OpenAiClient;
  model: string;
  kind: RemoteKind;
}

/**
 * Scores through OpenAI's older completions with `echo` and `logprobs` (vLLM, OpenAI's own; not Ollama or llama.cpp, whose servers refuse or ignore `echo`). vLLM also
 * tells token ids, so there conversations and texts are scored as ids; elsewhere texts after texts and ids after ids.
 * @throws LlamaCoreError `unsupported_feature` for messages and for servers that report no log-probabilities of a prompt.
 */
export async function remoteScore({ client, model, kind }: RemoteScoring, request: ScoreRequest, options: CallOptions): Promise<ScoreResult> {
  const startedMs = performance.now();
  const { adapter } = request;
  const { prompt, continuations } = kind === 'vllm' ? await asTokenIds(client, request, { model: adapter ?? model, options }) : request;
  const inputs = continuations.map((continuation) => joined(prompt, continuation));
  const answers = await Promise.all(inputs.map((input) => client.json<EchoAnswer>('completions', { model: adapter ?? model, prompt: input, max_tokens: 1, echo: true, logprobs: 0, temperature: 0 }, options)));
  const scores = answers.map((answer, i) => scoreOf(answer, prompt, continuations[i]!));
  const promptTokens = 'tokenIds' in prompt ? prompt.tokenIds.length : (answers[0]?.usage?.prompt_tokens ?? 0) - (scores[0]?.logprobs.length ?? 0);
  return { scores, promptTokens, cachedTokens: 0, queueMs: 0, inferenceMs: performance.now() - startedMs };
}

/** What vLLM's own tokenizer and template make of the request. */
async function asTokenIds(client: OpenAiClient, { prompt, continuations }: ScoreRequest, { model, options }: { model: string; options: CallOptions }): Promise<{ prompt: Prompt; continuations: Continuation[] }> {
  const tokenize = async (body: object) => (await client.json<{ tokens?: number[] }>('/tokenize', { model, ...body }, options)).tokens ?? [];
  const promptIds = 'tokenIds' in prompt ? prompt.tokenIds : await tokenize('messages' in prompt ? { messages: prompt.messages, add_generation_prompt: true } : { prompt: prompt.text, add_special_tokens: true });
  const texts = continuations.map((continuation) => (typeof continuation === 'string' ? tokenize({ prompt: continuation, add_special_tokens: false }) : continuation));
  return { prompt: { tokenIds: promptIds }, continuations: await Promise.all(texts) };
}

/** Both as text or both as ids: a server can join nothing else. */
function joined(prompt: Prompt, continuation: Continuation): string | number[] {
  if ('messages' in prompt) throw new LlamaCoreError('unsupported_feature', 'This server cannot score after messages: its chat route reports nothing about the prompt. Send text or token ids.', { param: 'messages' });
  if ('text' in prompt && typeof continuation === 'string') return prompt.text + continuation;
  if ('tokenIds' in prompt && typeof continuation !== 'string') return [...prompt.tokenIds, ...continuation];
  throw new LlamaCoreError('unsupported_feature', 'This server scores text after text or token ids after token ids.', { param: 'continuations' });
}

function scoreOf({ choices }: EchoAnswer, prompt: Prompt, continuation: Continuation): ContinuationScore {
  const { token_logprobs: all, text_offset: offsets } = choices?.[0]?.logprobs ?? {};
  if (!all || all.length < 2) throw new LlamaCoreError('unsupported_feature', 'This server reports no log-probabilities of a prompt (`echo` with `logprobs`).', { param: 'score' });
  const [from, to] = 'tokenIds' in prompt ? [prompt.tokenIds.length, prompt.tokenIds.length + continuation.length] : textBounds(prompt, continuation as string, offsets);
  const logprobs = all.slice(from, to);
  if (logprobs.length !== to - from || logprobs.some((value) => typeof value !== 'number')) throw new LlamaCoreError('remote_error', `Expected log-probabilities of ${to} tokens, got ${all.length}.`);
  const known = logprobs as number[];
  return { tokenIds: typeof continuation === 'string' ? known.map(() => UNKNOWN_TOKEN_ID) : [...continuation], logprobs: known, logprob: known.reduce((sum, value) => sum + value, 0) };
}

/** Places of the continuation's tokens. A token across the border belongs to neither side. */
function textBounds(prompt: Prompt, continuation: string, offsets: number[] | undefined): [number, number] {
  const start = 'text' in prompt ? prompt.text.length : 0;
  const from = offsets?.indexOf(start) ?? -1;
  if (!offsets || from < 0) throw new LlamaCoreError('invalid_request', 'The server cuts its tokens across the end of the prompt; end the prompt where a token ends, or send token ids.', { param: 'continuations' });
  const end = offsets.findIndex((offset) => offset >= start + continuation.length);
  return [from, end < 0 ? offsets.length : end];
}
