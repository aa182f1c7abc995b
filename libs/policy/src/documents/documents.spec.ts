import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, diffDocuments, formatYaml, inOrder, parsePolicyDocument, parseYaml, POLICY_SCHEMA } from '../index.js';

/** A document with every field that there is. */
const FULL = {
  ...DEFAULT_POLICY,
  categories: { S1: { enabled: true, threshold: 0.4, action: 'block', directions: { response: { threshold: 0.2 }, tool: { enabled: false }, document: { action: 'review' } } } },
  customCategories: [{ code: 'gambling', name: 'Gambling promotion', description: 'Praise of betting.', examples: { positive: ['Bet now!'], negative: ['Chess club.'] }, enabled: true, threshold: 0.6, action: 'review' }],
  pii: { email: { enabled: true, action: 'redact', directions: { response: { action: 'block' } } } },
  scanners: { 'insecure-code': { enabled: true, action: 'review', directions: { prompt: { enabled: false } } } },
  lists: { allow: [{ id: 'greeting', exact: 'Kill the lights', directions: ['prompt'] }], block: [{ regex: 'acme(corp)?', action: 'review', caseSensitive: true, note: 'rival' }] },
  screenToolCalls: false, screenDocuments: true,
  cascade: { guard: { low: 0.1, high: 0.9 } },
  refusals: { default: { default: 'No.', de: 'Nein.' }, S1: 'No violence.', 'custom:gambling': 'No betting.' },
  retention: { text: 'flagged', days: 7 },
};

const validate = new Ajv2020({ allErrors: false, strictTypes: false }).compile(POLICY_SCHEMA);
const parses = (value: unknown): boolean => {
  try {
    parsePolicyDocument(value);
    return true;
  } catch {
    return false;
  }
};

const long = 'x'.repeat(3_000);
/** [what, change, param] */
const HOSTILE: Array<[string, object, string]> = [
  ['a threshold of 2', { categories: { S1: { threshold: 2 } } }, 'categories.S1.threshold'],
  ['a threshold of a direction', { attacks: { attack: { threshold: 0.5, directions: { tool: { threshold: -1 } } } } }, 'attacks.attack.directions.tool.threshold'],
  ['a threshold that is no number', { categories: { S1: { threshold: '0.5' } } }, 'categories.S1.threshold'],
  ['an unknown direction', { screens: { guard: ['sideways'], 'prompt-guard': [] } }, 'screens.guard'],
  ['an unknown screen', { screens: { guard: [], 'prompt-guard': [], oracle: [] } }, 'screens.oracle'],
  ['an unknown taxonomy', { taxonomy: 'nope' }, 'taxonomy'],
  ['a code of another taxonomy', { taxonomy: 'mlcommons-ailuminate' }, 'categories.S1'],
  ['a misspelt rule field', { categories: { S1: { treshold: 0.5, threshold: 0.5 } } }, 'categories.S1.treshold'],
  ['an import', { import: './policy.yaml' }, 'import'],
  ['a duplicate custom code', { customCategories: [FULL.customCategories[0], FULL.customCategories[0]] }, 'customCategories.1.code'],
  ['a custom code of the taxonomy', { customCategories: [{ ...FULL.customCategories[0], code: 's1' }] }, 'customCategories.0.code'],
  ['a custom code with a colon', { customCategories: [{ ...FULL.customCategories[0], code: 'a:b' }] }, 'customCategories.0.code'],
  ['too many examples', { customCategories: [0, 1].map((at) => ({ ...FULL.customCategories[0], code: `c${at}`, examples: { positive: Array.from({ length: 60 }, () => 'x'.repeat(1_000)) } })) }, 'customCategories.1.examples'],
  ['an empty example', { customCategories: [{ ...FULL.customCategories[0], examples: { positive: [' '] } }] }, 'customCategories.0.examples.positive.0'],
  ['a regex bomb', { lists: { block: [{ regex: '((a{1000}){1000}){1000}' }] } }, 'lists.block.0.regex'],
  ['a back-reference', { lists: { block: [{ regex: '(a)\\1' }] } }, 'lists.block.0.regex'],
  ['a look-ahead', { lists: { allow: [{ regex: '(?=a)' }] } }, 'lists.allow.0.regex'],
  ['too many instructions', { lists: { block: Array.from({ length: 30 }, () => ({ regex: '.{999}' })) } }, 'lists.block.4.regex'],
  ['a list entry with both', { lists: { block: [{ exact: 'a', regex: 'a' }] } }, 'lists.block.0'],
  ['an allow entry with an action', { lists: { allow: [{ exact: 'a', action: 'block' }] } }, 'lists.allow.0.action'],
  ['a long entry', { lists: { block: [{ exact: long }] } }, 'lists.block.0.exact'],
  ['a cascade upside down', { cascade: { guard: { low: 0.9, high: 0.1 } } }, 'cascade.guard.low'],
  ['redaction of a category', { categories: { S1: { threshold: 0.5, action: 'redact' } } }, 'categories.S1.action'],
  ['an unknown stream mode', { stream: { mode: 'later' } }, 'stream.mode'],
  ['a hold-back of nothing', { stream: { holdBackChars: 0 } }, 'stream.holdBackChars'],
  ['a language that is none', { refusals: { default: { default: 'No.', 'DE!': 'Nein.' } } }, 'refusals.default'],
  ['a refusal without a default', { refusals: { default: { de: 'Nein.' } } }, 'refusals.default.default'],
  ['a retention of everything for ever', { retention: { text: 'all', days: 1e9 } }, 'retention.days'],
  ['a name with NUL', { name: 'a\u0000b' }, 'name'],
];
/** What a schema cannot say. */
const BEYOND_SCHEMA = new Set(['too many examples', 'a duplicate custom code', 'a custom code of the taxonomy', 'a regex bomb', 'a back-reference', 'a look-ahead', 'too many instructions', 'a cascade upside down', 'a name with NUL']);

describe('parsePolicyDocument', () => {
  it('takes every field, and gives it back as it was', () => {
    expect(parsePolicyDocument(FULL)).toEqual(FULL);
    expect(parsePolicyDocument(parsePolicyDocument(FULL))).toEqual(FULL);
  });

  it.each(HOSTILE)('refuses %s by its field', (_what, change, param) => {
    expect(() => parsePolicyDocument({ ...DEFAULT_POLICY, ...change })).toThrow(expect.objectContaining({ code: 'unprocessable', param }));
  });

  it('never repeats what was sent unless it is a short plain name', () => {
    const error = (() => { try { parsePolicyDocument({ ...DEFAULT_POLICY, '<sekret name>': 1, lists: {} }); } catch (thrown) { return thrown; } })();
    expect(error).toMatchObject({ code: 'unprocessable', param: 'document' });
    expect(String(error)).not.toContain('sekret');
  });
});

describe('POLICY_SCHEMA', () => {
  it('takes the default policy and one with every field', () => {
    for (const document of [DEFAULT_POLICY, FULL]) expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(HOSTILE.filter(([what]) => !BEYOND_SCHEMA.has(what)))('refuses %s', (_what, change) => {
    expect(validate({ ...DEFAULT_POLICY, ...change })).toBe(false);
  });

  it('never refuses what the parser takes, and the other way round', () => {
    const value = fc.constantFrom<unknown>(0, 0.5, 1, 2, true, 'block', 'x', null, [], {}, ['prompt'], { threshold: 0.5 });
    const field = fc.constantFrom('name', 'taxonomy', 'categories', 'attacks', 'pii', 'scanners', 'lists', 'screens', 'scope', 'screenToolCalls', 'cascade', 'stream', 'refusals', 'retention', 'customCategories', 'description');
    const leaf = fc.tuple(fc.constantFrom('categories', 'attacks'), fc.constantFrom('S1', 'harm', 'attack', 'S99'), fc.constantFrom('enabled', 'threshold', 'action', 'directions'), value);
    fc.assert(fc.property(fc.dictionary(field, value, { maxKeys: 3 }), fc.option(leaf), (change, deep) => {
      const document: Record<string, unknown> = { ...DEFAULT_POLICY, ...change };
      if (deep) document[deep[0]] = { [deep[1]]: { threshold: 0.5, [deep[2]]: deep[3] } };
      expect({ document, valid: validate(document) }).toEqual({ document, valid: parses(document) });
    }), { numRuns: 2_000 });
  });
});

describe('YAML', () => {
  it('gives back every document exactly', () => {
    for (const document of [DEFAULT_POLICY, FULL]) expect(parseYaml(formatYaml(document))).toEqual(document);
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => { expect(JSON.stringify(parseYaml(formatYaml(value)))).toBe(JSON.stringify(value)); }));
  });

  it.each([
    ['a circular anchor', 'a: &x [*x]'],
    ['a billion laughs', ['a: &a [x, x, x, x]', ...'bcdefghij'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[at]}`).join(', ')}]`)].join('\n')],
    ['a merge of an anchor', 'a: &a {x: 1}\nb:\n  <<: *a'],
    ['a duplicate key', 'name: a\nname: b'],
    ['a duplicate code', 'categories:\n  S1: {threshold: 0.5}\n  S1: {threshold: 0.9}'],
    ['a tag', 'name: !!js/function "x"'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['brackets without end', '['.repeat(100_000)],
    ['a broken line', 'a: [1, 2'],
  ])('refuses %s and repeats nothing of it', (_what, text) => {
    expect(() => parseYaml(text)).toThrow(expect.objectContaining({ code: 'invalid_yaml', param: 'document', message: expect.not.stringMatching(/js\/function|\*a/) }));
  });

  it('refuses 10 MB before reading it', () => {
    expect(() => parseYaml(`name: ${'x'.repeat(10 * 1024 * 1024)}`)).toThrow(expect.objectContaining({ code: 'request_too_large', param: 'document' }));
  });

  it('takes prototype keys as plain keys', () => {
    expect(() => parsePolicyDocument(parseYaml(`${formatYaml(DEFAULT_POLICY)}__proto__: {name: x}\n`))).toThrow(expect.objectContaining({ code: 'unprocessable' }));
  });
});

describe('the documentation', () => {
  it('shows a policy that is one', async () => {
    const page = await readFile(new URL('../../../../docs/concepts/policies.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parsePolicyDocument(parseYaml(example))).toMatchObject({ name: 'Shop assistant', lists: { allow: [{ id: 'ops' }] } });
    expect(validate(parseYaml(example)), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('diffDocuments', () => {
  it('names each leaf that differs and ignores the order of keys', () => {
    const to = { ...DEFAULT_POLICY, categories: { ...DEFAULT_POLICY.categories, S1: { ...DEFAULT_POLICY.categories['S1']!, threshold: 0.9 } }, retention: { text: 'none' as const, days: 1 } };
    expect(diffDocuments(DEFAULT_POLICY, to)).toEqual([{ path: 'categories.S1.threshold', from: DEFAULT_POLICY.categories['S1']!.threshold, to: 0.9 }, { path: 'retention', to: { text: 'none', days: 1 } }]);
    expect(diffDocuments(DEFAULT_POLICY, Object.fromEntries(Object.entries(DEFAULT_POLICY).reverse()))).toEqual([]);
    expect(Object.keys(inOrder(Object.fromEntries(Object.entries(DEFAULT_POLICY).reverse()) as never))).toEqual(Object.keys(DEFAULT_POLICY));
  });
});
