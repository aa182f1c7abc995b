import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_GENERATOR } from '../hub/catalog.js';
import type { JsonSchema } from '../sampling/constraint/schema-grammar.js';
import type { Engine, EngineRequest, ResponseFormat } from './engine.js';
import { createLocalEngine } from './local-engine.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

const CASES: Array<[question: string, schema: JsonSchema]> = [
  ['Describe a person as JSON with name, age and hobbies.', { type: 'object', properties: { name: { type: 'string', minLength: 1, maxLength: 20 }, age: { type: 'integer' }, hobbies: { type: 'array', items: { type: 'string', maxLength: 12 }, minItems: 1, maxItems: 3 } }, required: ['name', 'age', 'hobbies'], additionalProperties: false }],
  ['Is this text harmful? "I like cats." Answer as JSON.', { type: 'object', properties: { verdict: { enum: ['safe', 'unsafe'] }, categories: { type: 'array', items: { enum: ['S1', 'S2', 'S3'] }, maxItems: 2 }, confidence: { type: 'number' }, note: { type: ['string', 'null'], maxLength: 30 } }, required: ['verdict', 'categories', 'confidence'], additionalProperties: false }],
  ['Give me a list of three numbers.', { type: 'array', items: { type: 'integer' }, minItems: 3, maxItems: 3 }],
  ['Write a small tree.', { $ref: '#/$defs/node', $defs: { node: { type: 'object', properties: { name: { type: 'string', maxLength: 8 }, children: { anyOf: [{ type: 'null' }, { type: 'array', items: { $ref: '#/$defs/node' }, maxItems: 1 }] } }, required: ['name', 'children'], additionalProperties: false } } }],
];

describe('response formats on SmolLM2-135M-Instruct', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createLocalEngine({ model: atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`), quantization: 'int8', cacheFolder: atRoot('.sallyport/graphs'), contextTokens: 1024, maxRunning: 8 });
  });
  afterAll(() => engine.close());

  async function answer(question: string, responseFormat: ResponseFormat, rest: Partial<EngineRequest> = {}) {
    let text = '';
    for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: question }] }, maxTokens: 160, responseFormat, ...rest }))
      if (event.type === 'text') text += event.text;
      else return { text, reason: event.reason };
    throw new Error('no end');
  }

  it.each(CASES)('%s: greedy and sampled, alone and batched, what ends is valid', async (question, schema) => {
    const validate = new Ajv2020({ strict: false }).compile(schema as object);
    const format: ResponseFormat = { type: 'json_schema', schema };
    const greedy = await answer(question, format);
    const sampled = await Promise.all(Array.from({ length: 5 }, (_, seed) => answer(question, format, { temperature: 1, seed })));
    const whole = [greedy, ...sampled].filter(({ reason }) => reason === 'stop');
    // A small model may write on until its tokens run out; most answers have to come to an end, or nothing was tested.
    expect(whole.length).toBeGreaterThanOrEqual(4);
    for (const { text } of whole) expect(validate(JSON.parse(text)), text).toBe(true);
    expect(await answer(question, format, { temperature: 1, seed: 3 })).toEqual(sampled[3]);
  }, 180_000);

  it('keeps to an object without a schema', async () => {
    const answers = await Promise.all([0, 1, 2, 3].map((seed) => answer('Reply with a JSON object that has one key, "city".', { type: 'json_object' }, { temperature: 0.7, seed, maxTokens: 200 })));
    const whole = answers.filter(({ reason }) => reason === 'stop');
    expect(whole.length).toBeGreaterThan(0);
    for (const { text } of whole) expect(JSON.parse(text)).toBeTypeOf('object');
    for (const { text } of answers) expect(text.startsWith('{')).toBe(true);
  });

  it('refuses what it cannot keep to, and goes on serving', async () => {
    await expect(answer('x', { type: 'json_schema', schema: { type: 'string', pattern: 'a' } })).rejects.toMatchObject({ code: 'unsupported_feature', param: 'responseFormat', message: expect.stringContaining("'pattern'") });
    expect(await answer('Yes or no?', { type: 'json_schema', schema: { enum: ['yes', 'no'] } })).toMatchObject({ text: expect.stringMatching(/^"(yes|no)"$/), reason: 'stop' });
  });

  it('biases tokens, and refuses those that are none', async () => {
    const ask = async (logitBias: Record<number, number>) => {
      for await (const event of engine.generate({ prompt: { messages: [{ role: 'user', content: 'What is the capital of France?' }] }, maxTokens: 1, logitBias })) if (event.type === 'text') return event.tokens[0]!.id;
      throw new Error('no text');
    };
    const usual = await ask({});
    expect(await ask({ [usual]: -100 })).not.toBe(usual);
    expect(await ask({ 42: 100 })).toBe(42);
    await expect(ask({ 9999999: 1 })).rejects.toMatchObject({ code: 'invalid_request', param: 'logitBias' });
    await expect(ask({ 1: 101 })).rejects.toMatchObject({ code: 'invalid_request', param: 'logitBias' });
  });
});
