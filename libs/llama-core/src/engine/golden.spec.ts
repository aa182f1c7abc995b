import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuantizationTuning } from '../graph/quantization.js';
import { EncoderRunner } from '../runtime/encoder-runner.js';
import { graphFileOf } from '../runtime/graph-cache.js';
import { openModel } from '../runtime/model-source.js';
import { runModel, type RunModelOutput } from './run-model.js';

/** transformers' logits and greedy tokens; see fixtures/README.md. */
const models = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const LLAMA = ['llama1-mha', 'llama2-gqa', 'llama3-bf16-sharded', 'llama3-theta', 'llama31-scaled-rope', 'llama32-tied', 'llama-linear-rope', 'llama32-vision-text'];
const LLAMA4 = ['llama4-moe', 'llama4-moe-interleaved', 'llama-guard-4-dense', 'llama4-chunked'];
const GGUF = ['llama-linear-rope', 'llama4-chunked'];
const CLASSIFIERS = ['bert-minilm', 'prompt-guard-1-deberta', 'prompt-guard-2-deberta', 'deberta-own-keys'];

interface Golden {
  input_ids: number[][];
  attention_mask?: number[][];
  logits_last?: number[][];
  logits?: number[][];
  greedy?: number[][];
}
const golden = async (name: string): Promise<Golden> => JSON.parse(await readFile(join(models, name, 'golden.json'), 'utf8')) as Golden;

function largestDifference(a: number[][], b: number[][]): number {
  return Math.max(...a.map((row, i) => Math.max(...row.map((value, k) => Math.abs(value - b[i]![k]!)))));
}

function softmax(logits: number[]): number[] {
  const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

describe('runModel against transformers', () => {
  let cacheFolder: string;
  beforeAll(async () => { cacheFolder = await mkdtemp(join(tmpdir(), 'graphs-')); });
  afterAll(() => rm(cacheFolder, { recursive: true, force: true }));

  it.each([...LLAMA, ...LLAMA4].flatMap((name) => [[name, false], [name, true]] as const))('%s, batched: %s', async (name, batch) => {
    const expected = await golden(name);
    const output = await runModel(join(models, name), { input_ids: expected.input_ids, greedy: expected.greedy![0]!.length }, { batch, cacheFolder });
    expect(largestDifference(output.logits, expected.logits_last!)).toBeLessThan(2e-3);
    expect(output.greedy).toEqual(expected.greedy);
  });

  it.each(GGUF.flatMap((name) => [[name, false], [name, true]] as const))('%s.gguf, batched: %s', async (name, batch) => {
    const expected = await golden(name);
    const output = await runModel(join(models, `${name}.gguf`), { input_ids: expected.input_ids, greedy: expected.greedy![0]!.length }, { batch, cacheFolder });
    expect(largestDifference(output.logits, expected.logits_last!)).toBeLessThan(2e-3);
    expect(output.greedy).toEqual(expected.greedy);
  });

  it.each(CLASSIFIERS.flatMap((name) => [[name, false], [name, true]] as const))('%s, batched: %s', async (name, batch) => {
    const { input_ids, attention_mask, logits } = await golden(name);
    const output = await runModel(join(models, name), { input_ids, attention_mask: attention_mask! }, { batch, cacheFolder });
    expect(largestDifference(output.logits, logits!)).toBeLessThan(1e-3);
  });

  it.each(['prompt-guard-1-deberta', 'prompt-guard-2-deberta'])('%s in 8 bits', async (name) => {
    const { input_ids, attention_mask, logits } = await golden(name);
    const output = await runModel(join(models, name), { input_ids, attention_mask: attention_mask! }, { quantization: 'int8', batch: true, cacheFolder });
    expect(largestDifference(output.logits.map(softmax), logits!.map(softmax))).toBeLessThan(0.02);
    expect(largestDifference(output.logits, logits!)).toBeGreaterThan(1e-4);
  });

  /** The graph of processors without dot products of 8 bits, whatever this one has. */
  it.each(CLASSIFIERS)('%s in blocks of 8 bits', async (name) => {
    const { input_ids, attention_mask, logits } = await golden(name);
    const source = await openModel(join(models, name), cacheFolder);
    if (source.config.kind !== 'encoder') throw new Error('Expected a classifier.');
    const file = await graphFileOf(source, cacheFolder, { quantization: 'int8', positions: source.config.maxTokens, rowProducts: false });
    await source.checkpoint.close();
    const runner = await EncoderRunner.open(file, source.config, 1);
    const rows = input_ids.map((ids, i) => ids.filter((_, at) => attention_mask?.[i]?.[at] !== 0)).map((ids) => ({ ids, segments: ids.map(() => 0) }));
    const got = (await runner.forward(rows)).map((row) => Array.from(row));
    await runner.close();
    expect(largestDifference(got.map(softmax), logits!.map(softmax))).toBeLessThan(0.02);
    expect(largestDifference(got, logits!)).toBeGreaterThan(1e-5);
  });

  it('refuses a text longer than the classifier reads', async () => {
    const input_ids = [Array.from({ length: 65 }, () => 3)];
    await expect(runModel(join(models, 'deberta-own-keys'), { input_ids }, { cacheFolder })).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });

  it.each(['llama2-gqa', ...LLAMA4])('keeps a quantized %s near the exact one', async (name) => {
    const expected = await golden(name);
    const run = (quantization: 'int8' | 'int4'): Promise<RunModelOutput> => runModel(join(models, name), { input_ids: expected.input_ids }, { quantization, cacheFolder });
    const scale = Math.max(...expected.logits_last!.flat().map(Math.abs));
    expect(largestDifference((await run('int8')).logits, expected.logits_last!)).toBeLessThan(0.1 * scale);
    expect(largestDifference((await run('int4')).logits, expected.logits_last!)).toBeLessThan(0.6 * scale);
  });

  it('mixed-types.gguf: nine block types in one model', async () => {
    const expected = JSON.parse(await readFile(join(models, '../mixed-types.json'), 'utf8')) as Required<Golden>;
    const run = (quantization: 'none' | 'int8' | 'int4', tuning: QuantizationTuning = {}) => runModel(join(models, '../mixed-types.gguf'), { input_ids: expected.input_ids, greedy: 12 }, { quantization, tuning, cacheFolder });
    const exact = await run('none');
    expect(largestDifference(exact.logits, expected.logits_last)).toBeLessThan(2e-3);
    expect(exact.greedy).toEqual(expected.greedy);
    const scale = Math.max(...expected.logits_last.flat().map(Math.abs));
    const error = async (...options: Parameters<typeof run>) => largestDifference((await run(...options)).logits, expected.logits_last) / scale;
    expect(await error('int8')).toBeLessThan(0.02);
    expect(await error('int4')).toBeLessThan(0.3);
    expect(await error('int4', { exact: ['qkv', 'out', 'gate_up', 'down', 'head', 'embedding'] })).toBeLessThan(1e-4);
  });

  it.each([
    ['no rows', { input_ids: [] }, 'input_ids'],
    ['an empty row', { input_ids: [[]] }, 'input_ids'],
    ['an id beyond the vocabulary', { input_ids: [[9_999_999]] }, 'input_ids'],
    ['a mask of another shape', { input_ids: [[1, 2]], attention_mask: [[1]] }, 'attention_mask'],
  ])('refuses %s by name', async (_, input, param) => {
    await expect(runModel(join(models, 'llama1-mha'), input, { cacheFolder })).rejects.toMatchObject({ code: 'invalid_request', param });
  });

  it('says that there is no model', async () => {
    await expect(runModel(join(models, 'nowhere'), { input_ids: [[1]] })).rejects.toMatchObject({ code: 'model_not_found' });
  });
});
