import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runModel, type RunModelOptions } from '../index.js';

/** Outputs of transformers + peft; see fixtures/README.md. */
const models = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const BASE = join(models, 'lora-base');
const PEFT = ['lora-plain', 'lora-rslora-patterns', 'lora-regex', 'lora-layers', 'lora-all-linear', 'lora-head'];

interface Golden {
  input_ids: number[][];
  logits_last: number[][];
  greedy: number[][];
}
const json = async <T>(name: string, file: string): Promise<T> => JSON.parse(await readFile(join(models, name, file), 'utf8')) as T;
const golden = async (name: string): Promise<Golden> => (name === 'lora-base' ? json(name, 'golden.json') : { ...(await json<Golden>(name, 'golden.json')), greedy: await json<number[][]>(name, 'greedy.json') });

function largestDifference(a: number[][], b: number[][]): number {
  return Math.max(...a.map((row, i) => Math.max(...row.map((value, k) => Math.abs(value - b[i]![k]!)))));
}

let scratch: string;
let cacheFolder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'adapters-'));
  cacheFolder = join(scratch, 'graphs');
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('LoRA adapters against peft', () => {
  it.each([...PEFT.map((name) => [name, name, join(models, name)] as const), ['GGUF', 'lora-plain', join(models, 'lora-gguf/adapter.gguf')] as const])('%s, merged', async (_, name, adapter) => {
    const expected = await golden(name);
    const output = await runModel(BASE, { input_ids: expected.input_ids, greedy: expected.greedy[0]!.length }, { adapter, cacheFolder });
    expect(largestDifference(output.logits, expected.logits_last)).toBeLessThan(2e-3);
    expect(output.greedy).toEqual(expected.greedy);
  });

  it.each(['lora-gguf/adapter.gguf', 'lora-plain'])('a GGUF base, whose q and k rows lie in another order, with %s', async (name) => {
    const expected = await golden('lora-plain');
    const adapter = join(models, name);
    const input = { input_ids: expected.input_ids, greedy: 12 };
    const merged = await runModel(join(models, 'lora-gguf/base.gguf'), input, { adapter, cacheFolder });
    const beside = await runModel(join(models, 'lora-gguf/base.gguf'), { ...input, adapters: expected.input_ids.map(() => 'a') }, { adapters: { a: adapter }, cacheFolder });
    for (const output of [merged, beside]) {
      expect(largestDifference(output.logits, expected.logits_last)).toBeLessThan(2e-3);
      expect(output.greedy).toEqual(expected.greedy);
    }
  });

  it('a classifier, merged', async () => {
    const { input_ids, logits } = await json<{ input_ids: number[][]; logits: number[][] }>('lora-bert', 'golden.json');
    const run = (options: RunModelOptions) => runModel(join(models, 'bert-minilm'), { input_ids }, { cacheFolder, ...options });
    expect(largestDifference((await run({ adapter: join(models, 'lora-bert') })).logits, logits)).toBeLessThan(2e-3);
    expect(largestDifference((await run({})).logits, logits)).toBeGreaterThan(0.1);
    await expect(run({ adapters: { a: join(models, 'lora-bert') } })).rejects.toMatchObject({ code: 'adapter_unsupported', param: 'adapters' });
    await expect(run({ adapter: join(models, 'lora-gguf/adapter.gguf') })).rejects.toMatchObject({ code: 'adapter_unsupported' });
  });

  it.each([false, true])('all of them side by side over one base, batched: %s', async (batch) => {
    const names = ['lora-base', ...PEFT];
    const rows = (await Promise.all(names.map(async (name) => {
      const { input_ids, logits_last, greedy } = await golden(name);
      return input_ids.map((ids, i) => ({ name, ids, logits: logits_last[i]!, greedy: greedy[i]! }));
    }))).flat();
    // Neighbours in the batch use different adapters.
    rows.sort((a, b) => a.ids.length - b.ids.length);
    const adapters = Object.fromEntries(PEFT.map((name) => [name, join(models, name)]));
    const output = await runModel(BASE, { input_ids: rows.map(({ ids }) => ids), adapters: rows.map(({ name }) => (name === 'lora-base' ? null : name)), greedy: 12 }, { adapters, batch, cacheFolder });
    expect(largestDifference(output.logits, rows.map(({ logits }) => logits))).toBeLessThan(2e-3);
    expect(output.greedy).toEqual(rows.map(({ greedy }) => greedy));
  });

  it('moves a quantized base as it moves the exact one', async () => {
    const { input_ids } = await golden('lora-plain');
    const run = async (adapter: string | null, quantization: 'none' | 'int8') => (await runModel(BASE, { input_ids, adapters: input_ids.map(() => adapter) }, { adapters: { plain: join(models, 'lora-plain') }, quantization, cacheFolder })).logits;
    const change = async (quantization: 'none' | 'int8') => {
      const [without, within] = [await run(null, quantization), await run('plain', quantization)];
      return within.map((row, i) => row.map((value, k) => value - without[i]![k]!));
    };
    const exact = await change('none');
    expect(largestDifference(await change('int8'), exact)).toBeLessThan(0.15 * Math.max(...exact.flat().map(Math.abs)));
  });

  it('says which adapters there are', async () => {
    await expect(runModel(BASE, { input_ids: [[1]], adapters: ['nobody'] }, { adapters: { plain: join(models, 'lora-plain') }, cacheFolder })).rejects.toMatchObject({ code: 'invalid_request', param: 'adapter', message: expect.stringContaining('plain') });
    await expect(runModel(BASE, { input_ids: [[1]], adapters: ['plain'] }, { cacheFolder })).rejects.toMatchObject({ code: 'invalid_request', param: 'adapter' });
  });
});

describe('adapters that cannot be used', () => {
  /** The plain adapter with other config fields. */
  async function changed(fields: object): Promise<string> {
    const folder = await mkdtemp(join(scratch, 'adapter-'));
    await cp(join(models, 'lora-plain'), folder, { recursive: true });
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...(await json<object>('lora-plain', 'adapter_config.json')), ...fields }));
    return folder;
  }
  const load = (adapter: string, base = BASE) => runModel(base, { input_ids: [[1]] }, { adapter, cacheFolder });

  it.each<[string, object, string]>([
    ['DoRA', { use_dora: true }, 'use_dora'],
    ['another method', { peft_type: 'IA3' }, 'peft_type'],
    ['trained biases', { bias: 'lora_only' }, 'bias'],
    ['LoRA biases', { lora_bias: true }, 'lora_bias'],
    ['replaced modules', { modules_to_save: ['lm_head'] }, 'modules_to_save'],
    ['repeated layers', { layer_replication: [[0, 2]] }, 'layer_replication'],
    ['trained tokens', { trainable_token_indices: [1] }, 'trainable_token_indices'],
    ['bare parameters', { target_parameters: ['x'] }, 'target_parameters'],
    ['a changed base', { init_lora_weights: 'pissa_niter_4' }, 'init_lora_weights'],
    ['a field of the future that is on', { use_quantum: true }, 'use_quantum'],
  ])('refuses %s by name', async (_, fields, param) => {
    await expect(load(await changed(fields))).rejects.toMatchObject({ code: 'adapter_unsupported', param });
  });

  it.each<[string, object, string]>([
    ['modules that the config leaves out', { target_modules: ['q_proj'] }, 'does not target'],
    ['another rank than the config has', { r: 8 }, 'rank 8'],
    ['a broken expression', { target_modules: '(' }, 'target_modules'],
    ['an expression without end', { target_modules: '(.*)*(.*)*(.*)*(.*)*(.*)*x' }, 'target_modules'],
    ['many slow expressions', { rank_pattern: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`(.*)*(.*)*(.*)*(.*)*${i}`, 4])) }, 'rank_pattern'],
    ['targets of another type', { target_modules: 7 }, 'target_modules'],
    ['a rank that is text', { r: '4' }, 'r:'],
  ])('refuses %s', async (_, fields, message) => {
    await expect(load(await changed(fields))).rejects.toMatchObject({ code: 'adapter_invalid', message: expect.stringContaining(message) });
  });

  it('refuses an adapter of another model by the name of the matrix', async () => {
    await expect(load(join(models, 'lora-plain'), join(models, 'llama1-mha'))).rejects.toMatchObject({ code: 'adapter_mismatch', param: expect.stringContaining('_proj.weight') });
  });

  it('refuses a head of its own where the model ties it to the embeddings', async () => {
    await expect(load(join(models, 'lora-head'), join(models, 'llama32-tied'))).rejects.toMatchObject({ param: expect.stringContaining('lm_head') });
  });

  it('says what is missing', async () => {
    await expect(load(join(models, 'nowhere'))).rejects.toMatchObject({ code: 'model_not_found' });
    await expect(load(BASE)).rejects.toMatchObject({ code: 'model_not_found', param: 'adapter_config.json' });
  });
});
