import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../random.js';
import { GrammarConstraint } from './grammar-constraint.js';
import { ANY_OBJECT } from './json-grammar.js';
import { type JsonSchema, schemaGrammar } from './schema-grammar.js';
import { isAllowed } from './token-constraint.js';
import { TokenVocabulary } from './token-vocabulary.js';

const END = 0;
/** The end, every byte, and pieces as a tokenizer has them: across structure, inside characters, of one and many bytes. */
const PIECES = ['{"', '":', '": "', '",', '", "', '"}', '"]', '},', '[]', '{}', '[[', ' "', '\n  ', 'true', 'alse', 'nul', 'name', 'na', 'me": ', '12', '0.', '1e', '\\u00', '\\"', 'é', '日本', '😀', 'red', 'green"', 'null}'];
const utf8 = new TextEncoder();
const TOKENS: Uint8Array[] = [new Uint8Array(0), ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), ...PIECES.map((piece) => utf8.encode(piece)), utf8.encode('日').subarray(0, 2), utf8.encode('😀"').subarray(2)];
const bytesOf = (id: number) => TOKENS[id]!;
const vocabulary = new TokenVocabulary({ size: TOKENS.length, bytesOf, endIds: [END] });
const constraintOf = (schema: JsonSchema) => new GrammarConstraint(schemaGrammar(schema), vocabulary);
const allowedIds = (constraint: GrammarConstraint) => TOKENS.flatMap((_, id) => (isAllowed(constraint.allowed(), id) ? [id] : []));

/** A walk at random over allowed tokens; undefined when it did not end in time. */
function wander(constraint: GrammarConstraint, seed: number, most = 400): string | undefined {
  const random = new SeededRandom(seed);
  const bytes: number[] = [];
  for (let count = 0; count < most; count++) {
    const ids = allowedIds(constraint);
    expect(ids.length).toBeGreaterThan(0);
    if (count % 8 === 0) expect(TOKENS.flatMap((_, token) => (constraint.permits(token) ? [token] : []))).toEqual(ids);
    // Closing tokens are liked, or the walk nests for ever.
    const closing = ids.filter((id) => id === END || '"}]'.includes(String.fromCharCode(bytesOf(id)[0]!)));
    const from = closing.length > 0 && random.next() < 0.5 ? closing : ids;
    const id = from[Math.floor(random.next() * from.length)]!;
    constraint.accept(id);
    if (id === END) return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
    bytes.push(...bytesOf(id));
  }
  return undefined;
}

function accepts(schema: JsonSchema, text: string): boolean {
  const constraint = constraintOf(schema);
  for (const byte of utf8.encode(text)) {
    if (!isAllowed(constraint.allowed(), byte + 1)) return false;
    constraint.accept(byte + 1);
  }
  return isAllowed(constraint.allowed(), END);
}

const person: JsonSchema = {
  title: 'Person',
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: 8 }, age: { type: 'integer' }, tags: { type: 'array', items: { enum: ['red', 'green', 'é"', 3, null] }, minItems: 1, maxItems: 3 }, height: { type: ['number', 'null'] } },
  required: ['name', 'tags'],
  additionalProperties: false,
};
const tree: JsonSchema = { $ref: '#/$defs/node', $defs: { node: { type: 'object', properties: { value: { type: 'boolean' }, children: { type: 'array', items: { $ref: '#/$defs/node' }, maxItems: 2 } }, required: ['value', 'children'], additionalProperties: false } } };
const open: JsonSchema = { type: 'object', properties: { name: { type: 'boolean' }, 'na"me': { type: 'null' }, é: { type: 'integer' } }, required: ['other'], additionalProperties: { type: 'string', maxLength: 3 } };
const SCHEMAS: Record<string, JsonSchema> = {
  person,
  tree,
  open,
  anything: {},
  object: { type: 'object' },
  union: { anyOf: [{ const: { a: [1, 'x'] } }, { type: 'array', items: { type: 'integer' }, minItems: 2 }, { type: 'string', minLength: 2 }] },
  number: { type: 'number' },
  probability: { type: 'number', minimum: 0, maximum: 1 },
  'open interval': { type: 'number', exclusiveMinimum: -3, exclusiveMaximum: 12.5 },
  year: { type: 'integer', minimum: 1987, maximum: 2026 },
  degrees: { type: 'integer', exclusiveMinimum: -274, maximum: 99 },
};

describe('GrammarConstraint', () => {
  it.each(Object.entries(SCHEMAS))('%s: whatever it lets end is valid', (_, schema) => {
    const validate = new Ajv2020({ strict: false }).compile(schema as object);
    const ends = new Set<string>();
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = wander(constraintOf(schema), seed);
        if (text === undefined) return;
        ends.add(text);
        expect(validate(JSON.parse(text)), text).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(ends.size).toBeGreaterThan(10);
  });

  it('reads any object that JSON.stringify writes, compact or indented', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3, noUnicodeString: false })), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'number' ? Math.trunc(inner % 1e9) || 0 : inner), indent);
        const constraint = new GrammarConstraint(ANY_OBJECT, vocabulary);
        for (const byte of utf8.encode(text)) constraint.accept(byte + 1);
        expect(isAllowed(constraint.allowed(), END)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, JsonSchema, string, boolean]>([
    ['all members', person, '{"name": "Ann", "age": -3, "tags": ["red", 3, null], "height": 1.5e2}', true],
    ['required ones only', person, '{"name":"Ann","tags":["é\\""]}', true],
    ['a missing member', person, '{"name": "Ann"}', false],
    ['an unknown member', person, '{"name": "Ann", "tags": ["red"], "x": 1}', false],
    ['too many items', person, '{"name": "Ann", "tags": ["red","red","red","red"]}', false],
    ['too long a string', person, '{"name": "123456789", "tags": ["red"]}', false],
    ['eight characters of four bytes', person, '{"name": "😀😀😀😀😀😀😀😀", "tags": ["red"]}', true],
    ['another order', person, '{"tags": ["red"], "name": "Ann"}', false],
    ['recursion', tree, '{"value": true, "children": [{"value": false, "children": []}]}', true],
    ['an additional member', open, '{"name": true, "other": "x", "nam": "y", "names": "z"}', true],
    ['a known key with another type', open, '{"other": "x", "name": "y"}', false],
    ['a known key in disguise', open, '{"other": "x", "\\u006eame": "y"}', false],
    ['leading zeros', { type: 'integer' }, '01', false],
    ['half a surrogate pair', { type: 'string' }, '"\\ud83d"', false],
    ['a raw line break', { type: 'string' }, '"a\nb"', false],
    ['text behind the value', { type: 'boolean' }, 'true ', false],
  ])('%s', (_, schema, text, expected) => {
    expect(accepts(schema, text)).toBe(expected);
  });

  it.each<[string, JsonSchema, string, RegExp]>([
    ['a pattern', { type: 'string', pattern: 'a+' }, 'unsupported_feature', /'pattern'/],
    ['a divisor', { type: 'object', properties: { a: { type: 'integer', multipleOf: 2 } } }, 'unsupported_feature', /'multipleOf'/],
    ['bounds without a number between them', { type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 2 }, 'invalid_request', /exclusiveMinimum/],
    ['a bound that is no number', { type: 'number', minimum: '1' }, 'invalid_request', /minimum/],
    ['oneOf deep inside', { anyOf: [{ type: 'array', items: { oneOf: [] } }] }, 'unsupported_feature', /'oneOf'/],
    ['members beside anyOf', { anyOf: [true], properties: {} }, 'unsupported_feature', /'properties' is not supported beside 'anyOf'/],
    ['a type that is none', { type: 'strnig' }, 'invalid_request', /type/],
    ['an empty enum', { enum: [] }, 'invalid_request', /enum/],
    ['values of another type', { type: 'string', enum: [1] }, 'invalid_request', /enum/],
    ['bounds the wrong way round', { type: 'array', minItems: 2, maxItems: 1 }, 'invalid_request', /minItems/],
    ['a reference to nowhere', { $ref: '#/$defs/x' }, 'invalid_request', /\$ref/],
    ['a reference to elsewhere', { $ref: 'https://example.org/x' }, 'invalid_request', /\$ref/],
    ['a reference to itself', { $ref: '#' }, 'invalid_request', /no answer/],
    ['nothing', false, 'invalid_request', /false/],
    ['an impossible member', { type: 'object', properties: {}, required: ['a'], additionalProperties: false }, 'invalid_request', /required/],
  ])('refuses %s', (_, schema, code, message) => {
    expect(() => constraintOf(schema)).toThrow(expect.objectContaining({ code, param: 'responseFormat', message: expect.stringMatching(message) }));
  });

  it('reads exactly the whole numbers within bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_200, max: 1_200 }), fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: -2_000, max: 2_000 }), (minimum, width, value) => {
        const maximum = minimum + width;
        for (const type of ['integer', 'number']) expect(accepts({ type, minimum, maximum }, String(value))).toBe(value >= minimum && value <= maximum);
      }),
    );
    expect(accepts({ type: 'number', minimum: 0, maximum: 1 }, '0.75')).toBe(true);
    expect(accepts({ type: 'number', minimum: 0, maximum: 1 }, '1.5')).toBe(false);
    expect(accepts({ type: 'number', exclusiveMinimum: 0 }, '0.0')).toBe(false);
  });

  it('turns any JSON into a constraint or a typed error', () => {
    const keyword = fc.constantFrom('type', 'properties', 'required', 'additionalProperties', 'items', 'minItems', 'maxItems', 'minLength', 'minimum', 'exclusiveMaximum', 'enum', 'const', 'anyOf', '$ref', '$defs', 'title', '__proto__', 'x');
    const leaf = fc.oneof(fc.constantFrom<unknown>('object', 'string', 'integer', 'array', '#', '#/$defs/x', '#/%', null, true, false, -1, 0.5, 2, 1e308), fc.string());
    const { schema } = fc.letrec((tie) => ({ schema: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, fc.array(tie('schema'), { maxLength: 3 }), fc.dictionary(keyword, tie('schema'), { maxKeys: 4 })) }));
    let built = 0;
    fc.assert(
      fc.property(schema, (given) => {
        try {
          constraintOf(JSON.parse(JSON.stringify(given)) as JsonSchema).allowed();
          built += 1;
        } catch (error) {
          expect(error).toMatchObject({ name: 'LlamaCoreError', param: 'responseFormat' });
        }
      }),
      { numRuns: 2_000 },
    );
    expect(built).toBeGreaterThan(10);
  });

  it('refuses nesting without end', () => {
    const deep = Array.from({ length: 5_000 }).reduce<JsonSchema>((inner) => ({ type: 'array', items: inner }), {});
    expect(() => constraintOf(deep)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('gives up on a schema with exponentially many readings', () => {
    const list = { type: 'array', items: { $ref: '#/$defs/list' } };
    const constraint = constraintOf({ $ref: '#/$defs/list', $defs: { list: { anyOf: [list, { ...list }] } } });
    expect(() => {
      for (let depth = 0; depth < 40; depth++) {
        constraint.allowed();
        constraint.accept('['.charCodeAt(0) + 1);
      }
    }).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'responseFormat', message: expect.stringContaining('ways') }));
  });

  it('reads an object of a thousand optional members', () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `key${i}`);
    const schema: JsonSchema = { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'integer' }])) };
    expect(accepts(schema, '{"key3": 1, "key998": 2}')).toBe(true);
    expect(accepts(schema, '{"key3": 1, "key2": 2}')).toBe(false);
  });

  it('stays right when it has to forget its states', () => {
    const constraint = constraintOf({ type: 'array', items: { type: 'string', maxLength: 40_000 } });
    constraint.accept('['.charCodeAt(0) + 1);
    for (let string = 0; string < 2; string++) {
      constraint.accept('"'.charCodeAt(0) + 1);
      for (let i = 0; i < 12_000; i++) constraint.accept('x'.charCodeAt(0) + 1);
      constraint.accept('"'.charCodeAt(0) + 1);
      if (string === 0) constraint.accept(','.charCodeAt(0) + 1);
    }
    expect(isAllowed(constraint.allowed(), END)).toBe(false);
    constraint.accept(']'.charCodeAt(0) + 1);
    expect(allowedIds(constraint)).toEqual([END]);
  });
});
