import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const atRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const models = atRoot('libs/llama-core/fixtures/models/');

describe('sallyport models run', () => {
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'models-run-')); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (...flags: string[]) => promisify(execFile)(process.execPath, [atRoot('cli/bin/sallyport.mjs'), 'models', 'run', join(models, 'lora-base'), '--in', join(folder, 'ids.json'), '--out', join(folder, 'out.json'), ...flags]);

  it.each(['lora-plain', 'lora-gguf/adapter.gguf'])('gives the logits of base and adapter: %s', async (adapter) => {
    const expected = JSON.parse(await readFile(join(models, 'lora-plain/golden.json'), 'utf8')) as { input_ids: number[][]; logits_last: number[][] };
    const greedy = JSON.parse(await readFile(join(models, 'lora-plain/greedy.json'), 'utf8')) as number[][];
    await writeFile(join(folder, 'ids.json'), JSON.stringify({ input_ids: expected.input_ids, greedy: 12 }));
    await run('--adapter', join(models, adapter), '--batch');
    const output = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as { logits: number[][]; greedy: number[][] };
    for (const [i, row] of output.logits.entries()) for (const [k, value] of row.entries()) expect(Math.abs(value - expected.logits_last[i]![k]!)).toBeLessThan(2e-3);
    expect(output.greedy).toEqual(greedy);
  });

  it('names what is wrong with an adapter, in one line', async () => {
    await writeFile(join(folder, 'ids.json'), '{"input_ids": [[1]]}');
    await expect(run('--adapter', folder)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^sallyport: [^\n]*adapter_config\.json[^\n]*\n$/) });
  });
});
