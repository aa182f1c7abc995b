import { SallyportError } from '@sallyport/contracts';
import { registerDecorator, type ValidationOptions } from 'class-validator';

/** A content part that carries text. */
interface TextPart {
  type: 'text' | 'refusal';
  text?: string;
  refusal?: string;
}

/** What the clients may send as content: a string, or parts. */
export type TextContent = string | TextPart[];

const MEDIA_PARTS = ['image_url', 'input_audio', 'file', 'image_file', 'video_url', 'audio_url'];

/** Accepts a string or a list of typed parts; whether the parts are text is judged by {@link joinText}. */
export function IsTextContent(options?: ValidationOptions): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isTextContent',
      target: target.constructor,
      propertyName: String(propertyName),
      ...(options ? { options } : {}),
      validator: { validate: isContent, defaultMessage: () => 'must be a string or a list of parts with a type' },
    });
  };
}

function isContent(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.length > 0 && value.every(isPart));
}

function isPart(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/**
 * The text of a content, its parts joined by line breaks.
 * Throws `unsupported_feature` for a part that no screen can read (an image passed unread would be an unscreened prompt).
 */
export function joinText(content: TextContent, param: string): string {
  if (typeof content === 'string') return content;
  return content.map((part, index) => partText(part, `${param}.${index}`)).join('\n');
}

function partText(part: TextPart, param: string): string {
  const text = part.type === 'text' ? part.text : part.type === 'refusal' ? part.refusal : undefined;
  if (typeof text === 'string') return text;
  if (part.type === 'text' || part.type === 'refusal') throw new SallyportError('invalid_request', `'${param}.${part.type}' must be a string.`, { param });
  const named = MEDIA_PARTS.includes(part.type) ? `Content parts of type ${String(part.type)}` : 'Content parts of this type';
  throw new SallyportError('unsupported_feature', `${named} cannot be screened by this server; only text parts can.`, { param });
}
