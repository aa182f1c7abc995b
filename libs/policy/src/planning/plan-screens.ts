import { type ChatMessage, type Direction, type HistoryTurn, POLICY_DEFAULTS, type PolicyDocument, type ScreenKind, type ScreenSubject } from '@sallyport/contracts';

/** A text with its place in the conversation: what a policy goes by when it leaves texts out. */
export interface PlannedText extends ScreenSubject {
  /** Said since the last answer. */
  latest: boolean;
  system?: boolean;
  toolCall?: boolean;
  /** A piece of a text: what covers it does not cover the whole. */
  partial?: boolean;
}

/** What is to be checked by whom, and what by nobody. */
export interface ScreenPlan {
  subjects: Record<ScreenKind, ScreenSubject[]>;
  /** Every text there is, so that another policy can be asked about the same request. */
  texts: PlannedText[];
  /** Ids of texts that no screen reads under this policy; they are named in the answer. */
  unscreened: string[];
}

/** Texts on their way in. */
export interface PromptTexts {
  messages?: readonly ChatMessage[];
  documents?: readonly string[];
}

/** Texts on their way out, with the conversation they answer. */
export interface AnswerTexts {
  messages: readonly ChatMessage[];
  /** `partial`: a piece of a text that is not complete yet. */
  parts: ReadonlyArray<{ id: string; text: string; partial?: boolean }>;
}

/** Plans the screens of a request. System messages are the operator's own and are left out unless the policy asks for them. */
export function planPrompt({ messages = [], documents = [] }: PromptTexts, policy: PolicyDocument): ScreenPlan {
  const newest = latestTurn(messages);
  const fromMessages = messages.flatMap((message, index) => textsOf(messages, message, index).map((text) => ({ ...text, latest: index >= newest })));
  const fromDocuments = documents.map((text, index): PlannedText => ({ id: `documents.${index}`, direction: 'document', text, latest: true }));
  return plan([...fromMessages, ...fromDocuments], policy);
}

/** Plans the screens of an answer: every part with the turn that it answers. */
export function planAnswer({ messages, parts }: AnswerTexts, policy: PolicyDocument): ScreenPlan {
  const history = historyBefore(messages, messages.length);
  return plan(parts.map(({ id, text, partial = false }) => ({ id, direction: 'response' as const, text, history, latest: true, toolCall: TOOL_CALL.test(id), partial })), policy);
}

/** Plans the screens of one text. */
export function planText(text: string, direction: Direction, policy: PolicyDocument): ScreenPlan {
  return plan([{ id: 'input', direction, text, latest: true }], policy);
}

/** Tool calls are named so in requests and in answers. */
const TOOL_CALL = /\.tool_calls\.\d+/;

/** True when the policy looks at a text of this kind and place, whichever of its screens read it. */
export function looksAt(policy: PolicyDocument, { direction, latest, system = false, toolCall = false }: Omit<PlannedText, 'id' | 'text'>): boolean {
  if (policy.scope === 'latest' && !latest) return false;
  if (system && !policy.screenSystemMessages) return false;
  if (toolCall) return policy.screenToolCalls ?? POLICY_DEFAULTS.screenToolCalls;
  return direction !== 'document' || (policy.screenDocuments ?? POLICY_DEFAULTS.screenDocuments);
}

/** The screens that read a text of a direction under a policy. */
export const screensOf = (policy: PolicyDocument, direction: Direction): ScreenKind[] => (['guard', 'prompt-guard'] as const).filter((screen) => policy.screens[screen].includes(direction));

function plan(texts: readonly PlannedText[], policy: PolicyDocument): ScreenPlan {
  const result: ScreenPlan = { subjects: { guard: [], 'prompt-guard': [] }, texts: [], unscreened: [] };
  for (const text of texts) {
    if (text.text.trim() === '') continue;
    result.texts.push(text);
    const { latest: _latest, system: _system, toolCall: _toolCall, partial: _partial, ...subject } = text;
    const screens = looksAt(policy, text) ? screensOf(policy, text.direction) : [];
    for (const screen of screens) result.subjects[screen].push(subject);
    if (screens.length === 0) result.unscreened.push(subject.id);
  }
  return result;
}

const DIRECTION: Record<ChatMessage['role'], Direction> = { system: 'prompt', developer: 'prompt', user: 'prompt', assistant: 'response', tool: 'tool' };

function textsOf(messages: readonly ChatMessage[], message: ChatMessage, index: number): Array<Omit<PlannedText, 'latest'>> {
  const common = { direction: DIRECTION[message.role], history: historyBefore(messages, index), system: message.role === 'system' || message.role === 'developer' };
  const calls = (message.toolCalls ?? []).map((call, at) => ({ ...common, id: `messages.${index}.tool_calls.${at}`, text: `${call.function.name}\n${call.function.arguments}`, toolCall: true }));
  return [{ ...common, id: `messages.${index}`, text: message.content }, ...calls];
}

/** Classifiers read only the newest turns; more history would be sent for nothing. */
const HISTORY_TURNS = 4;

function historyBefore(messages: readonly ChatMessage[], index: number): HistoryTurn[] {
  return messages.slice(0, index).flatMap((message): HistoryTurn[] => (message.role === 'user' || message.role === 'assistant' ? [{ role: message.role, text: message.content }] : [])).slice(-HISTORY_TURNS);
}

/** Index after the last assistant turn: what the user (or a tool) said since. */
function latestTurn(messages: readonly ChatMessage[]): number {
  return messages.findLastIndex((message) => message.role === 'assistant') + 1;
}
