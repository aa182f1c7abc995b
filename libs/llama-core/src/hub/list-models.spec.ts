import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_GENERATOR } from './catalog.js';
import { listModels } from './list-models.js';
import { resolveModel } from './pull-model.js';

describe('listModels', () => {
  it('gives the catalog and every pulled repository, under references that lead back to them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'models-'));
    for (const path of ['org/name', 'org/other/refs/pr/1', 'org/unfinished']) await mkdir(join(folder, path), { recursive: true });
    for (const path of ['org/name', 'org/other/refs/pr/1']) await writeFile(join(folder, path, 'config.json'), '{}');
    await writeFile(join(folder, 'org/name/model.safetensors'), Buffer.alloc(98));
    await mkdir(join(folder, DEFAULT_GENERATOR.id));
    await writeFile(join(folder, DEFAULT_GENERATOR.id, DEFAULT_GENERATOR.file), 'x');
    const listed = await listModels(folder);
    expect(listed.map(({ reference, bytes }) => [reference, bytes])).toEqual([[DEFAULT_GENERATOR.id, DEFAULT_GENERATOR.bytes], ['hf:org/name', 100], ['hf:org/other@refs/pr/1', 2]]);
    for (const { reference, path } of listed) expect(resolveModel(reference, folder)).toBe(path);
    expect((await listModels(join(folder, 'nowhere')))[0]).not.toHaveProperty('path');
    await rm(folder, { recursive: true });
  });
});
