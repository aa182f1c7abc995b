import type { ScreenScores } from '@sallyport/contracts';
import { expect, it } from 'vitest';
import { CascadeScreen } from './cascade-screen.js';
import type { Screen } from './screen.js';

const answering = (id: string, labels: string[], result: Partial<ScreenScores>): Screen => ({
  describe: () => ({ id, screen: 'guard', labels, sha256: id, maxTokens: 256 }),
  screen: async ({ subjects }) => ({ results: subjects.map(({ id: subject, direction }) => ({ subject, direction, screen: 'guard', model: id, status: 'scored', scores: {}, coverage: { tokens: 1, screened: 1, windows: 1 }, queueMs: 0, inferenceMs: 1, ...result }) as ScreenScores) }),
  close: async () => undefined,
});

it('a cascade keeps what the encoder found in a view: the Llama Guard read the disguise', async () => {
  const view = { view: 'base64', plain: 0.1 };
  const encoder = answering('encoder', ['harm', 'S1', 'S9'], { scores: { harm: 0.8, S1: 0.7, S9: 0.2 }, views: { harm: view, S9: view } as NonNullable<ScreenScores['views']> });
  const guard = answering('guard', ['harm', 'S1', 'S9'], { scores: { harm: 0.02, S1: 0.01, S9: 0.6 } });
  const { results } = await new CascadeScreen(encoder, guard).screen({ subjects: [{ id: 'x', direction: 'prompt', text: 'encoded' }], cascade: { low: 0.05, high: 0.95 } });
  expect(results[0]).toMatchObject({ stage: 'llama-guard', scores: { harm: 0.8, S1: 0.01, S9: 0.6 }, views: { harm: view } });
  expect(results[0]!.views).not.toHaveProperty('S9');
});
