import { registerDecorator } from 'class-validator';

const MOST_BIASES = 1_024;

/** Token ids with numbers from −100 to 100. */
export const IsLogitBias = (): PropertyDecorator => checked('isLogitBias', isLogitBias, `must be an object of at most ${MOST_BIASES} token ids with numbers from -100 to 100`);

/** `text`, `json_object`, or `json_schema` with a named schema. */
export const IsResponseFormat = (): PropertyDecorator => checked('isResponseFormat', isResponseFormat, 'must be {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"name", "schema"}}');

function checked(name: string, validate: (value: unknown) => boolean, message: string): PropertyDecorator {
  return (target, propertyName) => registerDecorator({ name, target: target.constructor, propertyName: String(propertyName), validator: { validate, defaultMessage: () => message } });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function isLogitBias(value: unknown): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MOST_BIASES && entries.every(([id, bias]) => /^\d{1,9}$/.test(id) && typeof bias === 'number' && Math.abs(bias) <= 100);
}

function isResponseFormat(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value['type'] !== 'json_schema') return value['type'] === 'text' || value['type'] === 'json_object';
  const described = value['json_schema'];
  return isObject(described) && typeof described['name'] === 'string' && (described['schema'] === undefined || isObject(described['schema']));
}
