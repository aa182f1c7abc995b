import { badRecord } from '../format-error.js';
import { chatMessage, chatMessages } from './chat-messages.js';
import type { Fields } from './source-record.js';

/** The conversation of a record of OpenAI's chat: messages, a request with its response, or a line of a batch's input or output; undefined where it is none. */
export function openAiMessages(fields: Fields): Fields[] | undefined {
  const request = bodyOf(fields['request']) ?? bodyOf(fields['body']) ?? fields;
  const response = bodyOf(fields['response']) ?? (fields['choices'] === undefined ? undefined : fields);
  const asked = request['messages'] === undefined ? prompted(request) : chatMessages(request['messages'], 'messages');
  const answered = response ? answers(response) : asked.length > 0 && typeof fields['response'] === 'string' ? [{ role: 'assistant', content: fields['response'] }] : [];
  if (asked.length + answered.length > 0) return [...asked, ...answered];
  if (response) throw badRecord("'response' must have 'choices' with a message.", 'response');
  return undefined;
}

/** A request or response, which may be wrapped in `body`, or be JSON in a text. */
function bodyOf(value: unknown): Fields | undefined {
  const object = typeof value === 'string' && value.trimStart().startsWith('{') ? parsed(value) : value;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  return bodyOf((object as Fields)['body']) ?? (object as Fields);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The request of a plain completion. */
const prompted = ({ prompt, choices }: Fields): Fields[] => (typeof prompt === 'string' && choices !== undefined ? [{ role: 'user', content: prompt }] : []);

function answers({ choices }: Fields): Fields[] {
  if (!Array.isArray(choices)) return [];
  return choices.flatMap((choice: unknown, at): Fields[] => {
    const { message, text } = (typeof choice === 'object' && choice !== null ? choice : {}) as Fields;
    if (typeof text === 'string') return [{ role: 'assistant', content: text }];
    return message === undefined || message === null ? [] : [chatMessage(message, `response.choices.${at}.message`)];
  });
}
