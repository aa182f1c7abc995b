import { cp, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LlamaCoreError } from '../errors.js';
import { runModel } from '../engine/run-model.js';
import { jsonMutations, mutated, mutatedJson, mutations } from '../weights/fuzzing.fixture.js';
import { openGguf } from '../weights/gguf.js';
import { openSafetensors } from '../weights/safetensors.js';
import type { TensorSource } from '../weights/tensor-source.js';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const SEED = 20_261_125;
const MAX_CPU_MS = 1000;
const MAX_GROWTH_BYTES = 512 << 20;

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'hostile-models-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What came of it: nothing, or a typed error; anything else, more than a second of computing, or much memory fails the test. */
async function survives(attempt: () => Promise<unknown>): Promise<boolean> {
  const [cpu, memory] = [process.cpuUsage(), process.memoryUsage.rss()];
  let refused = false;
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof LlamaCoreError)) throw error;
    refused = true;
  }
  const { user, system } = process.cpuUsage(cpu);
  expect((user + system) / 1000).toBeLessThan(MAX_CPU_MS);
  expect(process.memoryUsage.rss() - memory).toBeLessThan(MAX_GROWTH_BYTES);
  return refused;
}

async function readAll(source: TensorSource): Promise<void> {
  try {
    for (const info of source.tensors.values()) await source.read(info);
  } finally {
    await source.close();
  }
}

/** Runs mutants; most of them have to be refused, or the mutations miss. */
async function fuzz<Change>(changes: fc.Arbitrary<Change>, runs: number, attempt: (change: Change) => Promise<unknown>): Promise<void> {
  let refused = 0;
  await fc.assert(fc.asyncProperty(changes, async (change) => { refused += (await survives(() => attempt(change))) ? 1 : 0; }), { seed: SEED, numRuns: runs, endOnFailure: true });
  expect(refused).toBeGreaterThan(runs / 10);
}

/** A copy of a model or adapter folder of the fixtures. */
async function copied(name: string): Promise<string> {
  const target = await mkdtemp(join(folder, 'copy-'));
  await cp(join(fixtures, 'models', name), target, { recursive: true });
  return target;
}

describe('damaged and hostile files end in a typed error', () => {
  it('GGUF', async () => {
    const bytes = await readFile(join(fixtures, 'mixed-types.gguf'));
    const path = join(folder, 'a.gguf');
    await fuzz(mutations, 300, async (change) => {
      await writeFile(path, mutated(bytes, change));
      await readAll(await openGguf(path));
    });
  }, 120_000);

  it('GGUF, as a model', async () => {
    const bytes = await readFile(join(fixtures, 'mixed-types.gguf'));
    const path = join(folder, 'b.gguf');
    await fuzz(mutations, 60, async (change) => {
      await writeFile(path, mutated(bytes, change));
      await runModel(path, { input_ids: [[1, 2]] }, { quantization: 'int8', threads: 1, cacheFolder: await mkdtemp(join(folder, 'graphs-')) });
    });
  }, 120_000);

  it('safetensors', async () => {
    const bytes = await readFile(join(fixtures, 'models/lora-plain/adapter_model.safetensors'));
    await fuzz(mutations, 300, async (change) => {
      await writeFile(join(folder, 'model.safetensors'), mutated(bytes, change));
      await readAll(await openSafetensors(folder));
    });
  }, 120_000);

  it('safetensors headers', async () => {
    const bytes = await readFile(join(fixtures, 'models/lora-plain/adapter_model.safetensors'));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as unknown;
    await fuzz(jsonMutations, 300, async (change) => {
      const text = Buffer.from(JSON.stringify(mutatedJson(header, change)));
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(BigInt(text.length));
      await writeFile(join(folder, 'model.safetensors'), Buffer.concat([prefix, text, bytes.subarray(8 + length)]));
      await readAll(await openSafetensors(folder));
    });
  }, 120_000);

  it('the index of shards', async () => {
    const target = await copied('llama3-bf16-sharded');
    const index = join(target, 'model.safetensors.index.json');
    const json: unknown = JSON.parse(await readFile(index, 'utf8'));
    await fuzz(fc.oneof(jsonMutations.map((list) => JSON.stringify(mutatedJson(json, list))), mutations.map((list) => mutated(Buffer.from(JSON.stringify(json)), list))), 200, async (text) => {
      await writeFile(index, text);
      await readAll(await openSafetensors(target));
    });
  }, 120_000);

  it.each(['llama31-scaled-rope', 'bert-minilm'])('config.json of %s', async (name) => {
    const target = await copied(name);
    const json: unknown = JSON.parse(await readFile(join(target, 'config.json'), 'utf8'));
    await fuzz(jsonMutations, 60, async (change) => {
      await writeFile(join(target, 'config.json'), JSON.stringify(mutatedJson(json, change)));
      await runModel(target, { input_ids: [[1, 2]] }, { threads: 1, cacheFolder: await mkdtemp(join(folder, 'graphs-')) });
    });
  }, 120_000);

  it.each<[string, object]>([
    ['a head of a billion numbers', { head_dim: 1_000_000_000 }],
    ['a vocabulary of 2^50 tokens', { vocab_size: 2 ** 50 }],
    ['a billion layers', { num_hidden_layers: 1_000_000_000 }],
    ['a context of 2^53 tokens', { max_position_embeddings: 2 ** 53, hidden_size: 2 ** 40 }],
    ['an architecture that every object has', { architectures: ['constructor', 'toString'] }],
  ])('%s', async (_, fields) => {
    const target = await copied('llama2-gqa');
    await writeFile(join(target, 'config.json'), JSON.stringify({ ...(JSON.parse(await readFile(join(target, 'config.json'), 'utf8')) as object), ...fields }));
    expect(await survives(() => runModel(target, { input_ids: [[1]] }, { cacheFolder: folder }))).toBe(true);
  });

  it('files that are too large to be what they claim', async () => {
    const target = await copied('lora-plain');
    const file = await open(join(target, 'adapter_config.json'), 'r+');
    await file.truncate(2 ** 33);
    await file.close();
    expect(await survives(() => runModel(join(fixtures, 'models/lora-base'), { input_ids: [[1]] }, { adapter: target, cacheFolder: folder }))).toBe(true);
  });

  it('peft adapters', async () => {
    const target = await copied('lora-regex');
    const json: unknown = JSON.parse(await readFile(join(target, 'adapter_config.json'), 'utf8'));
    const bytes = await readFile(join(target, 'adapter_model.safetensors'));
    const base = join(fixtures, 'models/lora-base');
    await fuzz(fc.record({ config: fc.oneof(fc.constant([]), jsonMutations), weights: fc.oneof(fc.constant([]), mutations) }), 80, async ({ config, weights }) => {
      await writeFile(join(target, 'adapter_config.json'), JSON.stringify(mutatedJson(json, config)));
      await writeFile(join(target, 'adapter_model.safetensors'), mutated(bytes, weights));
      await runModel(base, { input_ids: [[1, 2]] }, { adapters: { hostile: target }, threads: 1, cacheFolder: await mkdtemp(join(folder, 'graphs-')) });
    });
  }, 120_000);

  it('GGUF adapters', async () => {
    const bytes = await readFile(join(fixtures, 'models/lora-gguf/adapter.gguf'));
    const path = join(folder, 'adapter.gguf');
    const base = join(fixtures, 'models/lora-base');
    await fuzz(mutations, 80, async (change) => {
      await writeFile(path, mutated(bytes, change));
      await runModel(base, { input_ids: [[1, 2]] }, { adapter: path, threads: 1, cacheFolder: await mkdtemp(join(folder, 'graphs-')) });
    });
  }, 120_000);
});
