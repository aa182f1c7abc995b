import { randomUUID } from 'node:crypto';
import type { Answer, ChoiceAnswer, FinishReason, GenerationUsage, TokenAlternatives } from './answer.js';

/** What all chunks of one answer share. `created` is in seconds since 1970. */
export interface CompletionIdentity {
  id: string;
  created: number;
  model: string;
}

/** OpenAI's message object; `content` is null where only tools were called or the answer was withheld. */
export interface MessageBody {
  role: 'assistant';
  content: string | null;
  refusal: string | null;
  reasoning_content?: string;
  tool_calls?: unknown[];
}

/** What may grow in a stream. */
export interface ChunkDelta {
  role?: 'assistant';
  content?: string;
  refusal?: string;
  reasoning_content?: string;
  tool_calls?: unknown[];
}

/** One choice of a chunk. */
export interface ChunkChoice {
  index: number;
  delta: ChunkDelta;
  logprobs: { content: Array<ReturnType<typeof tokenBody>>; refusal: null } | null;
  finish_reason: FinishReason | null;
}

export function newIdentity(model: string): CompletionIdentity {
  return { id: `chatcmpl-${randomUUID().replaceAll('-', '')}`, created: Math.floor(Date.now() / 1_000), model };
}

/** The choice as OpenAI shows it when nothing was withheld. */
export function choiceBody(choice: ChoiceAnswer, withLogprobs: boolean) {
  const { content, refusal, reasoning } = choice.texts;
  const message: MessageBody = {
    role: 'assistant',
    content: content === '' && (choice.toolCalls.length > 0 || refusal !== '') ? null : content,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(choice.toolCalls.length === 0 ? {} : { tool_calls: choice.toolCalls }),
  };
  return { index: choice.index, message, logprobs: withLogprobs ? { content: choice.logprobs.map(tokenBody), refusal: null } : null, finish_reason: choice.finishReason };
}

/** The choice in place of a withheld one: the policy's refusal and nothing of the answer. */
export function withheldChoice(index: number, refusal: string) {
  const message: MessageBody = { role: 'assistant', content: null, refusal };
  return { index, message, logprobs: null, finish_reason: 'content_filter' as const };
}

/** One chunk of a streamed answer. */
export function chunkBody(identity: CompletionIdentity, choices: ChunkChoice[], extra: Record<string, unknown> = {}) {
  return { id: identity.id, object: 'chat.completion.chunk' as const, created: identity.created, model: identity.model, choices, ...extra };
}

/** One choice of a chunk that carries a piece of text or an end. */
export function chunkChoice(index: number, delta: ChunkDelta, finishReason: FinishReason | null = null, logprobs: TokenAlternatives[] = []): ChunkChoice {
  return { index, delta, logprobs: logprobs.length === 0 ? null : { content: logprobs.map(tokenBody), refusal: null }, finish_reason: finishReason };
}

export function usageBody(usage: GenerationUsage) {
  return { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens, total_tokens: usage.promptTokens + usage.completionTokens };
}

/** The whole JSON answer. */
export function completionBody(identity: CompletionIdentity, choices: unknown[], answer: Pick<Answer, 'usage'>) {
  return { id: identity.id, object: 'chat.completion' as const, created: identity.created, model: identity.model, choices, usage: usageBody(answer.usage) };
}

/** OpenAI calls the alternatives `top_logprobs`. */
function tokenBody({ top, ...token }: TokenAlternatives) {
  return { ...token, top_logprobs: top };
}
