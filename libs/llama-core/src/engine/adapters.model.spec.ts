import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLoraFolder } from '../adapters/lora-folder.fixture.js';
import { DEFAULT_GENERATOR } from '../hub/catalog.js';
import type { Engine } from './engine.js';
import { createLocalEngine } from './local-engine.js';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const LAYERS = 30;
const MATRICES = Array.from({ length: LAYERS }, (_, i) => [[`model.layers.${i}.self_attn.q_proj`, 576, 576], [`model.layers.${i}.mlp.down_proj`, 576, 1536]] as const).flat();

describe('adapters beside SmolLM2-135M-Instruct', () => {
  let folder: string;
  let engine: Engine;
  const paths = { first: '', second: '' };
  const options = { model: atRoot(`.sallyport/models/${DEFAULT_GENERATOR.id}/${DEFAULT_GENERATOR.file}`), quantization: 'int8' as const, contextTokens: 256 };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lora-'));
    paths.first = await writeLoraFolder(join(folder, 'first'), MATRICES, { rank: 4, alpha: 64, seed: 1 });
    paths.second = await writeLoraFolder(join(folder, 'second'), MATRICES, { rank: 2, alpha: 48, seed: 2 });
    engine = await createLocalEngine({ ...options, adapters: paths, cacheFolder: folder });
  });
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function answer(from: Engine, adapter?: string): Promise<string> {
    let text = '';
    for await (const event of from.generate({ prompt: { text: 'The capital of France is' }, maxTokens: 12, ...(adapter === undefined ? {} : { adapter }) })) if (event.type === 'text') text += event.text;
    return text;
  }

  it('answers each request through the adapter that it names, alone and in one batch with others', async () => {
    const names = [undefined, 'first', 'second', undefined, 'first'];
    const alone = [];
    for (const name of names) alone.push(await answer(engine, name));
    expect(await Promise.all(names.map((name) => answer(engine, name)))).toEqual(alone);
    expect(new Set(alone.slice(0, 3)).size).toBe(3);
    expect(alone.slice(3)).toEqual(alone.slice(0, 2));
  });

  it('leaves the base as it is without adapters', async () => {
    const plain = await createLocalEngine({ ...options, cacheFolder: folder });
    try {
      expect(await answer(engine)).toBe(await answer(plain));
    } finally {
      await plain.close();
    }
  });

  it('refuses a name that nobody loaded, and goes on serving', async () => {
    await expect(answer(engine, 'third')).rejects.toMatchObject({ code: 'invalid_request', param: 'adapter', message: expect.stringContaining('first, second') });
    expect(await answer(engine, 'first')).not.toBe('');
  });
});
