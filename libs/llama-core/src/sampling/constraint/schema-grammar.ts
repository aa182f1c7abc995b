import { LlamaCoreError } from '../../errors.js';
import { choice, type Grammar, lazy, literal } from './grammar.js';
import { ANY, ANY_OBJECT, arrayOf, BOOLEAN, INTEGER, NULL, NUMBER, stringOf } from './json-grammar.js';
import { integerWithin, type NumberBounds, numberWithin } from './number-grammar.js';
import { type ObjectMember, objectOf } from './object-grammar.js';

/** A JSON schema, parsed. */
export type JsonSchema = { [keyword: string]: unknown } | boolean;

type SchemaObject = { [keyword: string]: unknown };

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
type TypeName = (typeof TYPES)[number];

/** Say nothing about which values are valid. */
const ANNOTATIONS = new Set(['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$schema', '$id', '$comment', '$defs', 'definitions']);
const BY_TYPE = ['type', 'properties', 'required', 'additionalProperties', 'items', 'minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
/** Keywords that stand alone but for annotations, with those that may stand beside them. */
const ALONE: Record<string, readonly string[]> = { $ref: [], anyOf: [], const: ['type'], enum: ['type'] };
const MOST_DEPTH = 64;

/** The texts of all values of a schema that this library writes: members in the schema's order, white space bounded. @throws LlamaCoreError `unsupported_feature` naming a keyword, `invalid_request`. */
export function schemaGrammar(schema: JsonSchema): Grammar {
  return new SchemaCompiler(schema).compile(schema, 0);
}

class SchemaCompiler {
  private readonly references = new Map<string, Grammar | undefined>();

  constructor(private readonly root: JsonSchema) {}

  compile(schema: unknown, depth: number): Grammar {
    if (depth > MOST_DEPTH) throw invalid(`at most ${MOST_DEPTH} levels of nesting`);
    if (schema === true) return ANY;
    if (!isObject(schema)) throw invalid(schema === false ? 'a schema that allows some value, found false' : 'an object or true where a schema belongs');
    const alone = Object.keys(ALONE).find((keyword) => schema[keyword] !== undefined);
    refuseOthers(schema, alone === undefined ? BY_TYPE : [alone, ...ALONE[alone]!]);
    if (alone === '$ref') return this.reference(schema['$ref'], depth);
    if (alone === 'anyOf') return this.anyOf(schema['anyOf'], depth);
    if (alone !== undefined) return values(alone === 'const' ? [schema['const']] : schema['enum'], typesOf(schema));
    const types = typesOf(schema);
    return types.length === TYPES.length && Object.keys(schema).every((keyword) => ANNOTATIONS.has(keyword)) ? ANY : choice(...types.map((type) => this.typed(type, schema, depth)));
  }

  private typed(type: TypeName, schema: SchemaObject, depth: number): Grammar {
    switch (type) {
      case 'object':
        return this.object(schema, depth);
      case 'array':
        return arrayOf(schema['items'] === undefined ? ANY : this.compile(schema['items'], depth + 1), ...bounds(schema, 'minItems', 'maxItems'));
      case 'string':
        return stringOf(...bounds(schema, 'minLength', 'maxLength'));
      case 'number':
        return bounded(schema, NUMBER, numberWithin);
      case 'integer':
        return bounded(schema, INTEGER, integerWithin);
      case 'boolean':
        return BOOLEAN;
      case 'null':
        return NULL;
    }
  }

  /** Beside `properties`, absent `additionalProperties` writes no other members: that is valid too, and what the caller described. */
  private object(schema: SchemaObject, depth: number): Grammar {
    const { properties = {}, required = [], additionalProperties: more } = schema;
    if (!isObject(properties)) throw invalid('an object as properties');
    if (!Array.isArray(required) || !required.every((key): key is string => typeof key === 'string')) throw invalid('a list of strings as required');
    const closed = more === false || (more === undefined && schema['properties'] !== undefined);
    const additional = more === undefined || more === false ? ANY : this.compile(more, depth + 1);
    const keys = [...new Set([...Object.keys(properties), ...required])];
    if (more === false && keys.length > Object.keys(properties).length) throw invalid('every required key among properties, because additionalProperties is false');
    if (keys.length === 0 && !closed && additional === ANY) return ANY_OBJECT;
    const members = keys.map((key): ObjectMember => ({ key, value: Object.hasOwn(properties, key) ? this.compile(properties[key], depth + 1) : additional, required: required.includes(key) }));
    return closed ? objectOf(members) : objectOf(members, additional);
  }

  private anyOf(options: unknown, depth: number): Grammar {
    if (!Array.isArray(options) || options.length === 0) throw invalid('a list with at least one schema as anyOf');
    return choice(...options.map((option) => this.compile(option, depth + 1)));
  }

  /** A part of the same document; recursion ends in a look-up. */
  private reference(pointer: unknown, depth: number): Grammar {
    if (typeof pointer !== 'string' || !/^#(\/|$)/.test(pointer)) throw invalid('a $ref into this schema, beginning with #');
    if (!this.references.has(pointer)) {
      this.references.set(pointer, undefined);
      this.references.set(pointer, this.compile(this.resolve(pointer), depth + 1));
    }
    return lazy(() => this.references.get(pointer)!);
  }

  private resolve(pointer: string): unknown {
    const steps = pointer.split('/').slice(1).map((step) => decoded(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    return steps.reduce<unknown>((at, step) => {
      if (typeof at === 'object' && at !== null && Object.hasOwn(at, step)) return (at as SchemaObject)[step];
      throw invalid('a $ref to a part that exists');
    }, this.root);
  }
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw invalid('a $ref with well-formed percent signs');
  }
}

const isObject = (value: unknown): value is SchemaObject => typeof value === 'object' && value !== null && !Array.isArray(value);

function refuseOthers(schema: SchemaObject, known: readonly string[]): void {
  const other = Object.keys(schema).find((keyword) => !known.includes(keyword) && !ANNOTATIONS.has(keyword));
  if (other === undefined) return;
  const name = /^[$\w]{1,40}$/.test(other) ? `'${other}'` : 'with an unusual name';
  const supported = [...BY_TYPE, ...Object.keys(ALONE)];
  const why = supported.includes(other) ? ` beside '${known[0]}'` : '';
  throw new LlamaCoreError('unsupported_feature', `The JSON schema keyword ${name} is not supported${why}; supported are ${supported.join(', ')}.`, { param: 'responseFormat' });
}

/** Without `type`, members or items say what is meant. */
function typesOf(schema: SchemaObject): readonly TypeName[] {
  const { type } = schema;
  if (type === undefined) return schema['properties'] !== undefined || schema['required'] !== undefined ? ['object'] : schema['items'] !== undefined ? ['array'] : TYPES;
  const named = Array.isArray(type) ? type : [type];
  if (named.length === 0 || !named.every((name): name is TypeName => TYPES.includes(name as TypeName))) throw invalid(`type to be one or more of ${TYPES.join(', ')}`);
  return named;
}

function values(given: unknown, types: readonly TypeName[]): Grammar {
  if (!Array.isArray(given)) throw invalid('a list as enum');
  const fitting = given.filter((value) => types.some((type) => isOfType(value, type)));
  if (fitting.length === 0) throw invalid('at least one value of the named type in enum or const');
  return choice(...fitting.map((value) => literal(JSON.stringify(value))));
}

function isOfType(value: unknown, type: TypeName): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function bounds(schema: SchemaObject, leastName: string, mostName: string): [least: number, most: number] {
  const { [leastName]: least = 0, [mostName]: most = Number.POSITIVE_INFINITY } = schema;
  if (!isCount(least) || !(isCount(most) || most === Number.POSITIVE_INFINITY) || least > (most as number)) throw invalid(`whole numbers as ${leastName} and ${mostName}, the first not above the second`);
  return [least, most as number];
}

const SIZES = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** A number without bounds, or one within them. */
function bounded(schema: SchemaObject, free: Grammar, within: (bounds: NumberBounds) => Grammar | undefined): Grammar {
  const given = SIZES.filter((name) => schema[name] !== undefined);
  if (given.length === 0) return free;
  if (given.some((name) => !Number.isFinite(schema[name]))) throw invalid(`a number as ${given.join(' and ')}`);
  const grammar = within(Object.fromEntries(given.map((name) => [name, schema[name] as number])));
  if (!grammar) throw invalid(`bounds (${given.join(', ')}) with a whole number between them`);
  return grammar;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

const invalid = (expected: string): LlamaCoreError => new LlamaCoreError('invalid_request', `JSON schema: expected ${expected}.`, { param: 'responseFormat' });
