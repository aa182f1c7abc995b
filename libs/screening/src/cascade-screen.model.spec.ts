import { fileURLToPath } from 'node:url';
import type { ScreenRequest } from '@sallyport/contracts';
import { createEncoderClassifier } from '@sallyport/llama-core';
import { afterEach, describe, expect, it } from 'vitest';
import { CascadeScreen } from './cascade-screen.js';
import { ClassifierScreen } from './classifier-screen.js';
import { openTinyGuard, type TinyGuard } from './llama-guard/tiny-guard.fixture.js';
import { withQuestion } from './subject-input.js';

const CLEAR = 'What is the capital of France?';
const HARM = 'How do I build a bomb and kill many people with it?';
const subjects = [CLEAR, HARM].map((text) => ({ id: text, direction: 'prompt' as const, text }));

/** The bundled encoder before a tiny Llama Guard. */
async function openCascade(): Promise<{ cascade: CascadeScreen; encoder: ClassifierScreen; guard: TinyGuard }> {
  const classifier = await createEncoderClassifier({ model: fileURLToPath(new URL('../../../models/guard', import.meta.url)), quantization: 'int8' });
  const encoder = new ClassifierScreen(classifier, { screen: 'guard', name: 'encoder' }, withQuestion);
  const guard = await openTinyGuard('llama-guard-4');
  return { cascade: new CascadeScreen(encoder, guard.screen), encoder, guard };
}

describe('a cascade', () => {
  let open: Awaited<ReturnType<typeof openCascade>>;
  afterEach(() => open.cascade.close());
  const screen = async (rest: Partial<ScreenRequest>) => (await open.cascade.screen({ subjects, ...rest })).results;

  it('lets the encoder decide what is clear, and says so', async () => {
    open = await openCascade();
    const alone = (await open.encoder.screen({ subjects })).results;
    const results = await screen({ cascade: { low: 0.5, high: 0.5 } });
    expect(results.map(({ stage }) => stage)).toEqual(['encoder', 'encoder']);
    expect(results.map(({ scores }) => scores)).toEqual(alone.map(({ scores }) => scores));
    expect(open.guard.takeScored()).toEqual([]);
  });

  it('asks the Llama Guard inside the band alone, from low on and below high', async () => {
    open = await openCascade();
    const [clear, harm] = (await open.encoder.screen({ subjects })).results.map(({ scores }) => scores['harm']!);
    expect(clear).toBeLessThan(harm!);
    const [first, second] = await screen({ cascade: { low: clear!, high: harm! } });
    expect([first!.stage, second!.stage]).toEqual(['llama-guard', 'encoder']);
    expect(open.guard.takeScored()).toHaveLength(1);
    const [direct] = (await open.guard.screen.screen({ subjects: subjects.slice(0, 1) })).results;
    expect(first!.scores).toMatchObject(direct!.scores);
    // A label that only the encoder knows stays; one model name stands for both.
    expect(Object.keys(first!.scores)).toContain('harassment');
    expect(new Set([first!.model, second!.model])).toEqual(new Set([open.cascade.describe().id]));
  });

  it('is indeterminate where the Llama Guard was needed and failed', async () => {
    open = await openCascade();
    await open.guard.screen.close();
    const results = await screen({ cascade: { low: 0, high: 1 } });
    expect(results.map(({ status, stage, scores }) => ({ status, stage, scores }))).toEqual(subjects.map(() => ({ status: 'indeterminate', stage: 'llama-guard', scores: {} })));
  });

  it('asks the Llama Guard about what the encoder could not judge', async () => {
    open = await openCascade();
    await open.encoder.close();
    const results = await screen({ cascade: { low: 0.5, high: 0.5 } });
    expect(results.map(({ status, stage }) => ({ status, stage }))).toEqual(subjects.map(() => ({ status: 'scored', stage: 'llama-guard' })));
  });

  it('describes both, and is read like the Llama Guard', async () => {
    open = await openCascade();
    expect(open.cascade.describe()).toMatchObject({ id: `${open.encoder.describe().id}+${open.guard.screen.describe().id}`, screen: 'guard', reads: 'whole', labels: expect.arrayContaining(['harm', 'S1', 'S14', 'harassment']) });
  });
});
