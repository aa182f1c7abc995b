import { PII_KINDS, SCANNERS } from '@sallyport/contracts';
import { getTaxonomy, listTaxonomies } from '../taxonomies/registry.js';
import { ANY_HARM } from '../taxonomies/labels.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { DIRECTIONS, SCREENS } from './field-readers.js';

/** A JSON Schema (2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const text = (maxLength: number, description?: string): JsonSchema => ({ type: 'string', minLength: 1, maxLength, pattern: '\\S', ...(description ? { description } : {}) });
const oneOf = (...values: string[]): JsonSchema => ({ enum: values });
const record = (properties: Record<string, JsonSchema>, required: readonly string[] = [], rest: JsonSchema = {}): JsonSchema => ({ type: 'object', additionalProperties: false, required, properties, ...rest });
const listOf = (items: JsonSchema, maxItems: number): JsonSchema => ({ type: 'array', items, maxItems });
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const perDirection = (schema: JsonSchema): JsonSchema => record(Object.fromEntries(DIRECTIONS.map((direction) => [direction, schema])));
const perScreen = (schema: JsonSchema, required: readonly string[] = SCREENS): JsonSchema => record(Object.fromEntries(SCREENS.map((screen) => [screen, schema])), required);

const RULE = {
  enabled: { type: 'boolean', default: true },
  threshold: ref('score'),
  action: { enum: ['allow', 'review', 'block'], default: 'block', description: 'What is done at or above the threshold.' },
  directions: { ...perDirection(ref('directionRule')), description: 'What differs in a direction.' },
  thresholds: { ...perDirection(ref('score')), deprecated: true, description: 'Older spelling of directions.<direction>.threshold.' },
};

const LIST_ENTRY = {
  id: { type: 'string', pattern: '^[\\w.-]{1,64}$' },
  exact: text(500, 'Compared without regard to case, white space and compatibility forms. An allow entry must be the whole text, a block entry stands anywhere as words.'),
  regex: text(500, 'RE2 syntax: no look-around, no back-references. An allow entry must cover the whole text.'),
  caseSensitive: { type: 'boolean', default: false },
  directions: ref('directions'),
  note: text(2_000),
};
const ONE_OF_BOTH = { oneOf: [{ required: ['exact'] }, { required: ['regex'] }] };

const DEFINITIONS: Record<string, JsonSchema> = {
  score: { type: 'number', minimum: 0, maximum: 1 },
  directions: { type: 'array', items: oneOf(...DIRECTIONS), maxItems: DIRECTIONS.length },
  directionRule: record({ enabled: { type: 'boolean' }, threshold: ref('score'), action: oneOf('allow', 'review', 'block') }),
  rule: record(RULE, ['threshold']),
  customCategory: record(
    { code: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }, name: text(200), description: text(2_000, 'What a Llama Guard reads.'), examples: record({ positive: listOf(text(2_000), 200), negative: listOf(text(2_000), 200) }), ...RULE, threshold: { ...(ref('score') as object), default: 0.5 } },
    ['code', 'name', 'description'],
  ),
  piiRule: record({ enabled: { type: 'boolean', default: true }, action: ref('piiAction'), directions: perDirection(record({ enabled: { type: 'boolean' }, action: ref('piiAction') })) }),
  scannerRule: record({ enabled: { type: 'boolean', default: true }, action: { enum: ['allow', 'review', 'block'], default: 'block' }, directions: perDirection(record({ enabled: { type: 'boolean' }, action: oneOf('allow', 'review', 'block') })) }),
  piiAction: oneOf('allow', 'review', 'redact', 'block'),
  allowEntry: record(LIST_ENTRY, [], ONE_OF_BOTH),
  blockEntry: record({ ...LIST_ENTRY, action: { enum: ['review', 'block'], default: 'block' } }, [], ONE_OF_BOTH),
  band: record({ low: ref('score'), high: ref('score') }, ['low', 'high']),
  refusal: { oneOf: [text(2_000), { type: 'object', required: ['default'], propertyNames: { pattern: '^(default|[a-z]{2,3}(-[a-z0-9]{2,8})*)$' }, additionalProperties: text(2_000) }] },
};

/** Rules may be set for the codes of the taxonomy that the document names. */
const codesOf = (taxonomy: string): JsonSchema => ({
  if: { properties: { taxonomy: { const: taxonomy } } },
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  then: { properties: { categories: { propertyNames: { enum: [ANY_HARM, ...getTaxonomy(taxonomy).categories.map(({ code }) => code)] } } } },
});

const PROPERTIES: Record<string, JsonSchema> = {
  name: text(2_000),
  description: text(2_000),
  taxonomy: { ...oneOf(...listTaxonomies().map(({ id }) => id)), description: 'Whose codes `categories` is keyed by; GET /v1/taxonomies lists them.' },
  categories: { type: 'object', additionalProperties: ref('rule'), description: 'Rules by code; `harm` is harm of any kind.' },
  attacks: { ...record(Object.fromEntries(getTaxonomy('prompt-guard').categories.map(({ code }) => [code, ref('rule')]))), description: 'Rules by kind of attack; `attack` is any.' },
  customCategories: listOf(ref('customCategory'), 50),
  pii: { type: 'object', propertyNames: { enum: [...PII_KINDS] }, additionalProperties: ref('piiRule') },
  scanners: { ...record(Object.fromEntries(SCANNERS.map((name) => [name, ref('scannerRule')]))), description: 'What is done about hidden characters and about code with known weaknesses.' },
  lists: record({ allow: listOf(ref('allowEntry'), 1_000), block: listOf(ref('blockEntry'), 1_000) }),
  screens: { ...perScreen(ref('directions')), description: 'Which screen reads which direction.' },
  scope: { enum: ['conversation', 'latest'], default: 'conversation', description: 'Every turn, or what was said since the last answer.' },
  screenSystemMessages: { type: 'boolean', default: false },
  screenToolCalls: { type: 'boolean', default: true },
  screenDocuments: { type: 'boolean', default: true },
  cascade: { ...perScreen(ref('band'), []), description: 'Below low and from high on the encoder decides, in between the large model is asked.' },
  stream: record({ mode: { enum: ['window', 'buffer', 'audit'], default: 'window' }, holdBackChars: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 400 }, holdBackMs: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1_500 } }),
  onFailure: { ...perScreen(oneOf('block', 'allow')), description: 'What happens to a text whose check gave no verdict.' },
  refusals: { type: 'object', required: ['default'], maxProperties: 200, additionalProperties: ref('refusal'), description: 'Sentences by code, kind of attack or list entry; each is a text, or texts by language.' },
  retention: record({ text: { enum: ['none', 'flagged', 'all'], default: 'none' }, days: { type: 'integer', minimum: 1, maximum: 3_650, default: 30 } }),
};

/** The schema of policy documents. What it cannot say (unique codes, sound expressions) the parser checks as well. */
export const POLICY_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: '/v1/policies/schema',
  title: 'Sallyport policy',
  ...record(PROPERTIES, ['name', 'taxonomy', 'categories', 'attacks', 'screens']),
  allOf: listTaxonomies().map(({ id }) => codesOf(id)),
  $defs: DEFINITIONS,
  examples: [DEFAULT_POLICY],
};
