import type { GenerateEvent, TokenLogprob } from '@sallyport/contracts';
import { type WireChoice, type WireChunk, type WireToken, wireBytes } from '@sallyport/llama-core';

type Finish = Extract<GenerateEvent, { type: 'finish' }>['reason'];
const FINISHES: Record<string, Finish> = { stop: 'stop', length: 'length', tool_calls: 'tool_calls', function_call: 'tool_calls', content_filter: 'content_filter' };

/** Events of one chunk, its usage left aside. */
export function chunkEvents(chunk: WireChunk): GenerateEvent[] {
  return (chunk.choices ?? []).flatMap(choiceEvents);
}

function choiceEvents(choice: WireChoice): GenerateEvent[] {
  const { index = 0, delta = {}, finish_reason: reason } = choice;
  const texts = [['reasoning', delta.reasoning_content ?? delta.reasoning], ['content', delta.content], ['refusal', delta.refusal]] as const;
  const events: GenerateEvent[] = texts.flatMap(([channel, text]) => (text ? [{ type: 'delta' as const, index, channel, text, ...(channel === 'content' ? logprobsOf(choice) : {}) }] : []));
  for (const call of delta.tool_calls ?? []) events.push({ type: 'tool_call', index, callIndex: call.index ?? 0, argumentsText: call.function?.arguments ?? '', ...(call.id ? { id: call.id } : {}), ...(call.function?.name ? { name: call.function.name } : {}) });
  if (reason) events.push({ type: 'finish', index, reason: FINISHES[reason] ?? 'stop' });
  return events;
}

function logprobsOf({ logprobs }: WireChoice) {
  return logprobs?.content ? { logprobs: logprobs.content.map((token) => ({ ...tokenLogprob(token), top: (token.top_logprobs ?? []).map(tokenLogprob) })) } : {};
}

function tokenLogprob(given: WireToken): TokenLogprob {
  return { token: given.token ?? '', logprob: given.logprob ?? 0, bytes: wireBytes(given) };
}
