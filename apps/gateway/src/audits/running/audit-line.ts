import { type ChatMessage, type Direction, SallyportError } from '@sallyport/contracts';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ChatMessageDto } from '../../chat/chat-message.dto.js';
import { readMessage } from '../../chat/chat-turn.js';
import { parseJson } from '../../http/json-body.js';
import { validationFailure } from '../../http/validation.js';
import { DIRECTIONS } from '../../moderations/moderation.dto.js';

const MAX_SOURCE_CHARS = 200;

/** What a line of a log asks to be judged: one text, or a conversation. */
export interface AuditItem {
  id?: string;
  text?: string;
  messages?: ChatMessage[];
  direction?: Direction;
  /** ISO 8601 in UTC. */
  timestamp?: string;
  source?: string;
}

/**
 * Reads one line: `{"text"}` or `{"messages"}`, with an optional `id` or `custom_id` and `direction`. Other fields belong to the log and are left alone.
 * Throws a SallyportError with the field at fault; its message repeats nothing of the line.
 */
export function readAuditLine(bytes: Uint8Array): AuditItem {
  const row = parseJson(bytes);
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new SallyportError('invalid_request', 'The line must be a JSON object with "text" or "messages".');
  return readAuditFields(row as Record<string, unknown>);
}

/** Reads the fields of a line. Throws like {@link readAuditLine}. */
export function readAuditFields(fields: Record<string, unknown>): AuditItem {
  const direction = readDirection(fields.direction);
  return { ...readId(fields), ...(direction ? { direction } : {}), ...readOrigin(fields), ...readContent(fields) };
}

/** The id of a line that failed otherwise, so that its error row can still be matched. */
export function readLineId(bytes: Uint8Array): { id?: string } {
  try {
    return readId(parseJson(bytes) as Record<string, unknown>);
  } catch {
    return {};
  }
}

function readId(fields: Record<string, unknown>): { id?: string } {
  const id = fields.custom_id ?? fields.id;
  if (typeof id === 'number' && Number.isFinite(id)) return { id: String(id) };
  return typeof id === 'string' && id.length <= 512 ? { id } : {};
}

/** As the intake wrote them; of lines that were stored as they came, what looks like it. */
function readOrigin({ timestamp, source }: Record<string, unknown>): Pick<AuditItem, 'timestamp' | 'source'> {
  return {
    ...(typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z$/.test(timestamp) ? { timestamp } : {}),
    ...(typeof source === 'string' && source.length <= MAX_SOURCE_CHARS ? { source } : {}),
  };
}

function readDirection(value: unknown): Direction | undefined {
  if (value === undefined || value === null) return undefined;
  const known = DIRECTIONS.find((direction) => direction === value);
  if (!known) throw new SallyportError('invalid_request', `'direction' must be one of ${DIRECTIONS.join(', ')}.`, { param: 'direction' });
  return known;
}

function readContent(fields: Record<string, unknown>): Pick<AuditItem, 'text' | 'messages'> {
  if (typeof fields.text === 'string') return { text: fields.text };
  if (fields.messages === undefined) throw new SallyportError('invalid_request', 'The line must have "text" (a string) or "messages" (a list).', { param: 'text' });
  if (!Array.isArray(fields.messages) || fields.messages.length === 0) throw new SallyportError('invalid_request', "'messages' must be a list that is not empty.", { param: 'messages' });
  return { messages: fields.messages.map((message, index) => readLogMessage(message, `messages.${index}`)) };
}

function readLogMessage(value: unknown, param: string): ChatMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SallyportError('invalid_request', `'${param}' must be an object.`, { param });
  const message = plainToInstance(ChatMessageDto, value);
  const errors = validateSync(message, { forbidUnknownValues: true, validationError: { target: false, value: false } });
  if (errors.length > 0) throw validationFailure(errors, param);
  return readMessage(message, param);
}
