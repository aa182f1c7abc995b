import { badRecord } from '../format-error.js';
import type { Fields } from './source-record.js';

/** Fields of a message that matter to a screen; the rest of a log is not kept. */
const KEPT = ['role', 'content', 'name', 'refusal', 'reasoning_content', 'tool_calls', 'tool_call_id'] as const;

/** Who speaks in ShareGPT and its kin. */
const SPEAKERS: Readonly<Record<string, string>> = {
  human: 'user', user: 'user', gpt: 'assistant', assistant: 'assistant', chatgpt: 'assistant', bot: 'assistant', bard: 'assistant', bing: 'assistant', model: 'assistant', function_call: 'assistant',
  system: 'system', tool: 'tool', observation: 'tool', function: 'tool', function_response: 'tool',
};

/** The messages of a conversation: OpenAI's, ShareGPT's, or their JSON in one text. Throws `invalid_request` naming the field. */
export function chatMessages(value: unknown, param: string): Fields[] {
  const list = typeof value === 'string' ? parsed(value, param) : value;
  if (!Array.isArray(list) || list.length === 0) throw badRecord(`'${param}' must be a list that is not empty.`, param);
  return list.map((message, at) => chatMessage(message, `${param}.${at}`));
}

/** One message in OpenAI's shape. Throws like {@link chatMessages}. */
export function chatMessage(value: unknown, param: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRecord(`'${param}' must be an object.`, param);
  const message = value as Fields;
  if (message['from'] !== undefined && message['role'] === undefined) return shareGptMessage(message, param);
  const kept = Object.fromEntries(KEPT.flatMap((name) => (message[name] === undefined || message[name] === null ? [] : [[name, message[name]]])));
  return withFunctionCall(kept, message);
}

function shareGptMessage(message: Fields, param: string): Fields {
  const role = typeof message['from'] === 'string' && Object.hasOwn(SPEAKERS, message['from'].toLowerCase()) ? SPEAKERS[message['from'].toLowerCase()] : undefined;
  if (role === undefined) throw badRecord(`'${param}.from' must be human, gpt, system or tool.`, `${param}.from`);
  const content = message['value'] ?? message['content'] ?? message['text'];
  return { role, content: typeof content === 'string' ? content : JSON.stringify(content ?? ''), ...(role === 'tool' ? { tool_call_id: 'unknown' } : {}) };
}

/** Calls and results of functions as they were logged before tools. */
function withFunctionCall(kept: Fields, { function_call: call }: Fields): Fields {
  if (kept['role'] === 'function') return { ...kept, role: 'tool', tool_call_id: 'unknown' };
  if (typeof call !== 'object' || call === null || kept['tool_calls'] !== undefined) return kept;
  return { ...kept, tool_calls: [{ id: 'unknown', type: 'function', function: call }] };
}

function parsed(text: string, param: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRecord(`'${param}' must be a list of messages, or the JSON of one.`, param);
  }
}
