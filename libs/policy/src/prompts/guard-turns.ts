import { SallyportError } from '@sallyport/contracts';

/** One part of a message: OpenAI's and Llama's names for text and images are both understood. */
export interface GuardContentPart {
  type: string;
  text?: string;
  [field: string]: unknown;
}

/** A message in chat form, as clients send it. */
export interface GuardMessage {
  role: string;
  content?: string | null | readonly GuardContentPart[];
  tool_calls?: ReadonlyArray<{ function: { name: string; arguments: unknown } }>;
}

/** Who speaks, in Llama Guard's own words. */
export type GuardSpeaker = 'User' | 'Agent';

/** Consecutive messages of one side. `messages` are their places in the input. */
export interface GuardTurn {
  speaker: GuardSpeaker;
  texts: string[];
  images: number;
  messages: number[];
}

export interface GuardTurns {
  turns: GuardTurn[];
  /** Places of the system messages, which Llama Guard has no form for. */
  left: number[];
}

const SPEAKERS: Readonly<Record<string, GuardSpeaker | 'none'>> = { user: 'User', assistant: 'Agent', system: 'none', developer: 'none', tool: 'User', function: 'User', ipython: 'User' };
const TEXT_PARTS = new Set(['text', 'input_text', 'output_text', 'refusal']);
const IMAGE_PARTS = new Set(['image', 'image_url', 'input_image']);

const invalid = (message: string, param: string) => new SallyportError('invalid_request', message, { param });

/**
 * Messages as Llama Guard's alternating turns, by the rule in docs/concepts/llama-guard-prompts.md: system messages are left out and
 * named, tool calls belong to the agent's turn, tool results to the user's, neighbours of one side become one turn.
 * Throws `invalid_request` that names the field.
 */
export function guardTurns(messages: readonly GuardMessage[]): GuardTurns {
  if (!Array.isArray(messages)) throw invalid(`Expected an array of messages, found ${typeOf(messages)}.`, 'messages');
  const turns: GuardTurn[] = [];
  const left: number[] = [];
  for (const [index, message] of messages.entries()) {
    const speaker = speakerOf(message, index);
    if (speaker === 'none') {
      left.push(index);
      continue;
    }
    const { texts, images } = contentOf(message, index);
    const last = turns.at(-1);
    if (last?.speaker !== speaker) turns.push({ speaker, texts, images, messages: [index] });
    else {
      last.texts.push(...texts);
      last.images += images;
      last.messages.push(index);
    }
  }
  if (turns.length === 0) throw invalid('Expected at least one message of a user, an assistant or a tool, found none.', 'messages');
  return { turns, left };
}

function speakerOf(message: GuardMessage, index: number): GuardSpeaker | 'none' {
  if (typeof message !== 'object' || message === null) throw invalid(`Expected an object, found ${typeOf(message)}.`, `messages[${index}]`);
  const speaker = typeof message.role === 'string' && Object.hasOwn(SPEAKERS, message.role) ? SPEAKERS[message.role] : undefined;
  if (speaker === undefined) throw invalid(`Expected one of ${Object.keys(SPEAKERS).join(', ')}, found ${typeof message.role === 'string' ? 'another role' : typeOf(message.role)}.`, `messages[${index}].role`);
  return speaker;
}

function contentOf(message: GuardMessage, index: number): { texts: string[]; images: number } {
  const field = `messages[${index}].content`;
  const calls = message.tool_calls ?? [];
  if (!Array.isArray(calls)) throw invalid(`Expected an array, found ${typeOf(calls)}.`, `messages[${index}].tool_calls`);
  const called = calls.map((call, at) => callText(call, `messages[${index}].tool_calls[${at}]`));
  const { content } = message;
  if (called.length > 0 && (content === undefined || content === null || content === '')) return { texts: called, images: 0 };
  if (typeof content === 'string') return { texts: [content, ...called], images: 0 };
  if (!Array.isArray(content)) throw invalid(`Expected a string or an array of parts, found ${typeOf(content)}.`, field);
  if (content.length === 0) throw invalid('Expected at least one part, found none.', field);
  const texts = content.flatMap((part, at) => partText(part, `${field}[${at}]`));
  return { texts: [...texts, ...called], images: content.length - texts.length };
}

/** The text of a text part, nothing for an image. */
function partText(part: GuardContentPart, field: string): string[] {
  if (typeof part !== 'object' || part === null) throw invalid(`Expected an object with a type, found ${typeOf(part)}.`, field);
  if (IMAGE_PARTS.has(part.type)) return [];
  if (!TEXT_PARTS.has(part.type)) throw invalid(`Expected a part of type text or image, found ${typeof part.type === 'string' ? 'another type' : typeOf(part.type)}.`, `${field}.type`);
  const text = part.text ?? part['refusal'];
  if (typeof text !== 'string') throw invalid(`Expected a string, found ${typeOf(text)}.`, `${field}.text`);
  return [text];
}

function callText(call: { function: { name: string; arguments: unknown } }, field: string): string {
  if (typeof call?.function?.name !== 'string') throw invalid('Expected an object with a function and its name.', field);
  const given = call.function.arguments;
  return `${call.function.name}(${typeof given === 'string' ? given : (JSON.stringify(given) ?? '')})`;
}

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : value === undefined ? 'nothing' : typeof value);
