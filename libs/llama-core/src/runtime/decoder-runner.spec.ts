import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecoderRunner } from './decoder-runner.js';
import { loadDecoder } from './load-model.js';

/** transformers' logits and greedy tokens; see fixtures/README.md. */
const models = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const NAMES = ['llama2-gqa', 'llama31-scaled-rope', 'llama4-moe', 'llama4-moe-interleaved', 'llama-guard-4-dense', 'llama4-chunked'];

interface Golden {
  input_ids: number[][];
  logits_last: number[][];
  greedy: number[][];
}

const largestDifference = (a: Float32Array, b: number[]): number => Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
const argmax = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

describe.each(NAMES)('DecoderRunner on %s, against transformers', (name) => {
  let cacheFolder: string;
  let runner: DecoderRunner;
  let golden: Golden;
  beforeAll(async () => {
    cacheFolder = await mkdtemp(join(tmpdir(), 'graphs-'));
    golden = JSON.parse(await readFile(join(models, name, 'golden.json'), 'utf8')) as Golden;
    ({ runner } = await loadDecoder({ path: join(models, name), cacheFolder }));
  });
  afterAll(async () => {
    await runner.close();
    await rm(cacheFolder, { recursive: true, force: true });
  });

  it.each([1, 7, 24, 64])('prompt in chunks of %i tokens on top of the cache', async (size) => {
    for (const [id, row] of golden.input_ids.entries()) {
      let logits = new Float32Array();
      for (let at = 0; at < row.length; at += size) logits = Float32Array.from(await runner.prefill(id, row.slice(at, at + size), 'last'));
      expect(largestDifference(logits, golden.logits_last[id]!), `row of ${row.length}`).toBeLessThan(2e-3);
      runner.release(id);
    }
  });

  it('token by token, with a detour that is rolled back', async () => {
    for (const [id, row] of golden.input_ids.entries()) {
      let token = argmax(await runner.prefill(id, row, 'last'));
      const answer = [token];
      while (answer.length < golden.greedy[id]!.length) {
        await runner.prefill(id, [token, 3, 4, 5], 'none');
        runner.truncate(id, row.length + answer.length - 1);
        token = argmax(await runner.decode([{ id, token }]));
        answer.push(token);
      }
      expect(answer).toEqual(golden.greedy[id]);
      runner.release(id);
    }
  });

  it('rows of different lengths decode together as they do alone', async () => {
    const ids = golden.input_ids.map((_, i) => i);
    const answers: number[][] = [];
    for (const id of ids) answers.push([argmax(await runner.prefill(id, golden.input_ids[id]!, 'last'))]);
    const width = runner.vocabularySize;
    while (answers[0]!.length < golden.greedy[0]!.length) {
      const logits = await runner.decode(ids.map((id) => ({ id, token: answers[id]!.at(-1)! })));
      for (const id of ids) answers[id]!.push(argmax(logits.subarray(id * width, (id + 1) * width)));
    }
    expect(answers).toEqual(golden.greedy);
    for (const id of ids) runner.release(id);
  });
});
