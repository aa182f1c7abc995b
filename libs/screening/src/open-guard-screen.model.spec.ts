import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGuardScreen } from './open-guard-screen.js';
import { withQuestion } from './subject-input.js';
import { tinyFolder } from './llama-guard/tiny-guard.fixture.js';

let home: string;
let hub: Server;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-guard-'));
  // A hub that knows the model and lets nobody read it, as it does until the licence is accepted.
  hub = createServer((_request, response) => response.writeHead(403).end('{}'));
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  hub.close();
  await rm(home, { recursive: true, force: true });
});

const open = (reference: string) => {
  const config = loadConfig({ SALLYPORT_HOME: home, SALLYPORT_GUARD: reference, SALLYPORT_GUARD_QUANTIZATION: 'none', SALLYPORT_THREADS: '1', LOG_LEVEL: 'silent', HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}` });
  return openGuardScreen(config, { screen: 'guard', reference: config.guard, bundled: { folder: 'guard', name: 'sallyport-guard-minilm' }, toInput: withQuestion });
};
const subjects = [{ id: 'input', direction: 'prompt' as const, text: 'I want to bomb today.' }];

describe('SALLYPORT_GUARD', () => {
  it.each([
    ['a folder that is named for its model', () => tinyFolder('llama-guard-3-1b')],
    ['a folder with a version after it', () => `${tinyFolder('llama-guard-4')}@llama-guard-4`],
  ])('opens %s', async (_what, reference) => {
    const screen = await open(reference());
    try {
      const { results } = await screen.screen({ subjects });
      expect(results[0]).toMatchObject({ status: 'scored', engine: 'onnxruntime' });
      expect(results[0]!.scores['harm']).toBeGreaterThan(0.9);
      expect(screen.describe()).toMatchObject({ screen: 'guard', reads: 'whole', labels: expect.arrayContaining(['harm', 'S1', 'S13']) });
    } finally {
      await screen.close();
    }
  });

  it('opens a cascade', async () => {
    const screen = await open(`bundled+${tinyFolder('llama-guard-4')}`);
    try {
      expect(screen.describe().id).toMatch(/^sallyport-guard-minilm@[0-9a-f]{12}\+llama-guard-4@[0-9a-f]{12}$/);
      expect((await screen.screen({ subjects, cascade: { low: 0, high: 1 } })).results[0]).toMatchObject({ status: 'scored', stage: 'llama-guard' });
    } finally {
      await screen.close();
    }
  });

  it('says what to do when the licence is not accepted', async () => {
    await expect(open('hf:meta-llama/Llama-Guard-3-1B')).rejects.toMatchObject({ code: 'hub_unauthorized', message: expect.stringMatching(/meta-llama\/Llama-Guard-3-1B.*licence.*HF_TOKEN/) });
  });

  it('names a folder that holds no model', async () => {
    await expect(open(home)).rejects.toMatchObject({ code: 'model_not_found', param: home });
  });

  it('refuses an encoder as the second stage', async () => {
    const bundled = join(import.meta.dirname, '../../../models/guard');
    await expect(open(`bundled+${bundled}`)).rejects.toMatchObject({ code: 'invalid_request', param: 'SALLYPORT_GUARD' });
  });
});
