import { registerDecorator } from 'class-validator';

const MAX_STOPS = 4;

/** A stop string, or up to four of them. */
export function IsStop(): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isStop',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: { validate: isStop, defaultMessage: () => `must be a string or a list of at most ${MAX_STOPS} non-empty strings` },
    });
  };
}

function isStop(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  return Array.isArray(value) && value.length <= MAX_STOPS && value.every((stop) => typeof stop === 'string' && stop !== '');
}
