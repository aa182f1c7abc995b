import { registerDecorator } from 'class-validator';

/** Most texts in one request. */
const MAX_INPUTS = 1_024;

/** A text, a list of texts, or a list of typed parts; not a mixture, and not empty. */
export function IsModerationInput(): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isModerationInput',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: { validate: isInput, defaultMessage: () => `must be a string, a list of 1 to ${MAX_INPUTS} strings, or a list of typed parts` },
    });
  };
}

function isInput(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_INPUTS) return false;
  return value.every((item) => typeof item === 'string') || value.every((item) => typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string');
}
