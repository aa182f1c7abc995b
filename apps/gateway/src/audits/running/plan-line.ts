import type { ChatMessage, PolicyDocument } from '@sallyport/contracts';
import { planAnswer, planPrompt, planText, type ScreenPlan } from '@sallyport/policy';
import type { AuditItem } from './audit-line.js';

/** What of a line is to be checked by whom. A conversation that ends with an answer is judged as the request and its answer: both are what was said last. */
export function planLine({ text, messages, direction }: AuditItem, policy: PolicyDocument): ScreenPlan {
  if (!messages) return planText(text ?? '', direction ?? 'prompt', policy);
  const asked = messages.slice(0, messages.findLastIndex(({ role }) => role !== 'assistant') + 1);
  const answers = messages.slice(asked.length);
  const prompt = planPrompt({ messages: asked }, policy);
  return answers.length === 0 ? prompt : both(prompt, planAnswer({ messages: asked, parts: answers.flatMap((message, at) => partsOf(message, asked.length + at)) }, policy));
}

/** Named as in a plan of the whole conversation. */
function partsOf({ content, toolCalls = [] }: ChatMessage, index: number): Array<{ id: string; text: string }> {
  return [{ id: `messages.${index}`, text: content }, ...toolCalls.map((call, at) => ({ id: `messages.${index}.tool_calls.${at}`, text: `${call.function.name}\n${call.function.arguments}` }))];
}

function both(one: ScreenPlan, other: ScreenPlan): ScreenPlan {
  return {
    subjects: { guard: [...one.subjects.guard, ...other.subjects.guard], 'prompt-guard': [...one.subjects['prompt-guard'], ...other.subjects['prompt-guard']] },
    texts: [...one.texts, ...other.texts],
    unscreened: [...one.unscreened, ...other.unscreened],
  };
}
