import type { AuditFieldMap, AuditFormat } from '@sallyport/contracts';
import { badRecord } from '../format-error.js';
import { chatMessages } from './chat-messages.js';
import { mapsContent, valueAt } from './field-map.js';
import { momentOf } from './moment.js';
import { openAiMessages } from './openai-log.js';
import type { Fields } from './source-record.js';

/** What an audit keeps of a record, whatever file it came from. */
export interface CanonicalLine {
  id?: string;
  direction?: unknown;
  timestamp?: string;
  source?: string;
  text?: string;
  messages?: Fields[];
}

/** How records are read. */
export interface LineRules {
  fields: AuditFieldMap;
  /** Named by whoever sent the file. */
  format: AuditFormat | undefined;
}

const MAX_ID_CHARS = 512;
const MAX_SOURCE_CHARS = 200;

/** Reads the content of a record and what travels with it. Throws `invalid_request` naming the field; no message repeats a value. */
export function canonicalLine(record: Fields, { fields: map, format }: LineRules): CanonicalLine {
  return { ...travelling(record, map), ...(mapsContent(map) ? mappedContent(record, map) : shapedContent(record, format)) };
}

/** The id of a record whose content cannot be read, so that its error row can still be matched. */
export const idOf = (record: Fields, map: AuditFieldMap): { id?: string } => {
  const value = map.id === undefined ? (record['custom_id'] ?? record['id']) : valueAt(record, map.id);
  if (typeof value === 'number' && Number.isFinite(value)) return { id: String(value) };
  return typeof value === 'string' && value.length <= MAX_ID_CHARS ? { id: value } : {};
};

function travelling(record: Fields, map: AuditFieldMap): CanonicalLine {
  const direction = valueAt(record, map.direction ?? 'direction');
  const timestamp = momentOf(valueAt(record, map.timestamp ?? 'timestamp'));
  const source = valueAt(record, map.source ?? 'source');
  return {
    ...idOf(record, map),
    ...(direction === undefined || direction === null || direction === '' ? {} : { direction }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(typeof source === 'string' && source !== '' || typeof source === 'number' ? { source: String(source).slice(0, MAX_SOURCE_CHARS) } : {}),
  };
}

function mappedContent(record: Fields, { text, messages, prompt, response }: AuditFieldMap): Pick<CanonicalLine, 'text' | 'messages'> {
  if (messages !== undefined) return { messages: chatMessages(valueAt(record, messages), 'messages') };
  if (text !== undefined) return { text: textAt(record, text, 'text') ?? missing('text') };
  return { messages: exchange(prompt === undefined ? undefined : textAt(record, prompt, 'prompt'), response === undefined ? undefined : textAt(record, response, 'response')) };
}

function shapedContent(record: Fields, format: AuditFormat | undefined): Pick<CanonicalLine, 'text' | 'messages'> {
  if (format === 'sharegpt') return { messages: chatMessages(record['conversations'], 'conversations') };
  if (format === 'openai') return { messages: openAiMessages(record) ?? missing('messages') };
  if (typeof record['text'] === 'string') return { text: record['text'] };
  if (record['messages'] === undefined && record['conversations'] !== undefined) return { messages: chatMessages(record['conversations'], 'conversations') };
  const messages = openAiMessages(record);
  if (messages) return { messages };
  if (record['prompt'] === undefined && record['response'] === undefined) return missing('text');
  return { messages: exchange(textAt(record, 'prompt', 'prompt'), textAt(record, 'response', 'response')) };
}

function missing(param: string): never {
  throw badRecord('The line must have "text" (a string) or "messages" (a list).', param);
}

function exchange(prompt: string | undefined, response: string | undefined): Fields[] {
  const messages = [{ role: 'user', content: prompt ?? '' }, { role: 'assistant', content: response ?? '' }].filter(({ content }) => content !== '');
  if (messages.length === 0) throw badRecord("The line must have a text in 'prompt' or 'response'.", 'prompt');
  return messages;
}

function textAt(record: Fields, path: string, param: string): string | undefined {
  const value = valueAt(record, path);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw badRecord(`'${param}' must be a text in UTF-8.`, param);
}
