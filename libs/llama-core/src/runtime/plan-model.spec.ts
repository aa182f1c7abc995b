import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GraphBuilder } from '../graph/graph-builder.js';
import { ANNOUNCED_MODELS, PUBLISHED_MODELS } from '../model/published-models.js';
import { openSafetensors } from '../weights/safetensors.js';
import { elementCount } from '../weights/tensor-source.js';
import { graphFileOf } from './graph-cache.js';
import { openModel } from './model-source.js';
import { planPath, planPublished } from './plan-model.js';

const models = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const FOLDERS = ['llama1-mha', 'llama3-bf16-sharded', 'llama2-gqa', 'llama32-tied', 'llama4-moe', 'llama4-moe-interleaved', 'llama-guard-4-dense', 'llama4-chunked', 'llama32-vision-text', 'bert-minilm', 'prompt-guard-1-deberta', 'deberta-own-keys'];

/** Weights that a graph computes with and no checkpoint has: rotation and distance tables, constants. */
const DERIVED = /^(rope\.|temperature\.|chunks\.|ones$|relative\.all$)|\.(c2p|p2c)\.(table\.|scale$)/;

describe('planPath against the files', () => {
  let cacheFolder: string;
  beforeAll(async () => { cacheFolder = await mkdtemp(join(tmpdir(), 'graphs-')); });
  afterAll(() => rm(cacheFolder, { recursive: true, force: true }));

  it.each(FOLDERS)('counts the parameters of %s', async (name) => {
    const source = await openSafetensors(join(models, name));
    await source.close();
    const names = [...source.tensors.keys()];
    const crossLayers = names.filter((tensor) => tensor.includes('.cross_attn.')).map((tensor) => tensor.slice(0, tensor.indexOf('cross_attn.')));
    const language = [...source.tensors.values()].filter(({ name: tensor }) => !/^(vision_model|multi_modal_projector)\./.test(tensor) && !crossLayers.some((layer) => tensor.startsWith(layer)));
    expect((await planPath(join(models, name), 2048)).parameters).toBe(language.reduce((sum, tensor) => sum + elementCount(tensor.shape), 0));
  });

  it.each(FOLDERS.flatMap((name) => (['none', 'int8', 'int4'] as const).map((quantization) => [name, quantization] as const)))('knows the bytes of the graph of %s, %s', async (name, quantization) => {
    const source = await openModel(join(models, name), cacheFolder);
    let bytes = 0;
    const original = GraphBuilder.prototype.slot;
    const slot = vi.spyOn(GraphBuilder.prototype, 'slot').mockImplementation(function (this: GraphBuilder, tensor, type, dims) {
      const made = original.call(this, tensor, type, dims);
      if (!DERIVED.test(tensor)) bytes += made.place.byteLength;
      return made;
    });
    await graphFileOf(source, cacheFolder, { quantization, positions: 64 });
    slot.mockRestore();
    await source.checkpoint.close();
    const { config } = source;
    const tables = config.kind === 'encoder' && config.family === 'deberta' ? 2 * config.layers * 2 * config.relative.span * config.hiddenSize * 4 : 0;
    // Projections that only make tables are left out above and below: the runtime drops them once the tables are there.
    const ownProjections = config.kind === 'encoder' && config.family === 'deberta' && !config.relative.sharedKey ? 2 * config.layers * config.hiddenSize * (config.hiddenSize + 1) * 4 : 0;
    expect((await planPath(join(models, name), 64)).weightBytes[quantization === 'none' ? 'float32' : quantization]).toBe(bytes + tables + ownProjections);
  });

  it('plans a GGUF file from its header', async () => {
    expect(await planPath(join(models, 'llama4-chunked.gguf'), 64)).toEqual(await planPath(join(models, 'llama4-chunked'), 64));
  });

  it('counts keys and values up to the limit of the model', async () => {
    const plan = await planPath(join(models, 'llama2-gqa'), 5000);
    expect(plan).toMatchObject({ contextTokens: 2048, maxContextTokens: 2048, kvBytesPerToken: 3 * 2 * 2 * 16 * 4, kvBytes: 2048 * 768 });
  });
});

describe('planPublished', () => {
  /** Parameter counts of the published safetensors (for Llama 4 the text part, from the model card's totals less the vision tower). */
  it.each([
    ['llama-7b', 6_738_415_616],
    ['llama-33b', 32_528_943_616],
    ['llama-65b', 65_285_660_672],
    ['llama-2-13b', 13_015_864_320],
    ['llama-2-70b', 68_976_648_192],
    ['codellama-34b', 33_743_970_304],
    ['llama-3-8b', 8_030_261_248],
    ['llama-3-70b', 70_553_706_496],
    ['llama-3.1-405b', 405_853_388_800],
    ['llama-3.2-1b', 1_235_814_400],
    ['llama-3.2-3b', 3_212_749_824],
  ])('%s has %i parameters', (id, parameters) => {
    expect(planPublished(id, 1).parameters).toBe(parameters);
  });

  it.each([
    ['llama-4-scout', 107.8, 17.2],
    ['llama-4-maverick', 400.7, 17.2],
    ['llama-guard-4', 11.1, 11.1],
  ])('%s has %f billion parameters, %f of them active', (id, all, active) => {
    const plan = planPublished(id, 1);
    expect([plan.parameters, plan.activeParameters].map((count) => Math.round(count / 1e8) / 10)).toEqual([all, active]);
  });

  it('finds a model by its repository, and names the ids where it finds none', () => {
    expect(planPublished('hf:meta-llama/Llama-Guard-3-1B', 100)).toEqual(planPublished('llama-guard-3-1b', 100));
    expect(() => planPublished('llama-9', 1)).toThrowError(expect.objectContaining({ code: 'model_not_found', message: expect.stringContaining('llama-guard-4') }));
  });

  it('has every id once', () => {
    const ids = [...PUBLISHED_MODELS, ...ANNOUNCED_MODELS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of PUBLISHED_MODELS) expect(planPublished(id, 1).weightBytes.int4).toBeGreaterThan(0);
  });
});
