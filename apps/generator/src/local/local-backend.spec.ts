import type { GenerateRequest, Lane } from '@sallyport/contracts';
import { type Engine, type EngineRequest, LlamaCoreError } from '@sallyport/llama-core';
import { describe, expect, it } from 'vitest';
import { LocalBackend } from './local-backend.js';

/** An engine that answers with what it was asked. */
function engineOf(failure?: LlamaCoreError): { engine: Engine; asked: EngineRequest[] } {
  const asked: EngineRequest[] = [];
  const engine: Pick<Engine, 'describe' | 'generate' | 'close'> = {
    describe: () => ({ contextTokens: 8, vocabularySize: 3, sha256: '', hasChatTemplate: true }),
    async *generate(request) {
      asked.push(request);
      if (failure) throw failure;
      yield { type: 'text', text: 'ok', tokens: [] };
      yield { type: 'end', reason: 'stop', promptTokens: 2, cachedTokens: 0, completionTokens: 1, queueMs: 0, inferenceMs: 1 };
    },
    close: async () => undefined,
  };
  return { engine: engine as Engine, asked };
}

const request: GenerateRequest = { model: 'm', messages: [{ role: 'developer', content: 'hi' }] };
const call = (lane: Lane = 'online') => ({ signal: new AbortController().signal, lane, deadlineAt: Date.now() + 60_000 });
async function run(backend: LocalBackend, rest: Partial<GenerateRequest>, context = call()) {
  const events = [];
  for await (const event of backend.generate({ ...request, ...rest }, context)) events.push(event);
  return events;
}

describe('LocalBackend', () => {
  it('gives biases and formats to the engine, and each choice a seed of its own', async () => {
    const { engine, asked } = engineOf();
    const backend = new LocalBackend('m', engine);
    const events = await run(backend, { n: 2, seed: 5, logitBias: { 7: 3 }, responseFormat: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'string' } } } });
    expect(asked).toEqual([5, 6].map((seed) => ({ prompt: { messages: [{ role: 'system', content: 'hi' }] }, seed, logitBias: { 7: 3 }, responseFormat: { type: 'json_schema', schema: { type: 'string' } }, lane: 'online', deadlineMs: expect.any(Number) })));
    expect(events.at(-1)).toMatchObject({ type: 'usage', promptTokens: 2, completionTokens: 2 });
    await run(backend, { responseFormat: { type: 'json_object' } });
    expect(asked.at(-1)?.responseFormat).toEqual({ type: 'json_object' });
    await run(backend, { responseFormat: { type: 'json_schema', json_schema: { name: 'x' } } });
    expect(asked.at(-1)?.responseFormat).toEqual({ type: 'json_schema', schema: true });
  });

  it('gives the engine the lane of the call and the time that is left', async () => {
    const { engine, asked } = engineOf();
    const backend = new LocalBackend('m', engine);
    await run(backend, {}, call('batch'));
    expect(asked[0]).toMatchObject({ lane: 'batch', deadlineMs: expect.any(Number) });
    expect(asked[0]!.deadlineMs).toBeLessThanOrEqual(60_000);
    await run(backend, {}, { ...call(), deadlineAt: Date.now() - 1 });
    expect(asked[1]).toMatchObject({ lane: 'online', deadlineMs: 0 });
  });

  it('names a schema keyword it cannot keep to by the client\'s field', async () => {
    const { engine } = engineOf(new LlamaCoreError('unsupported_feature', "The JSON schema keyword 'pattern' is not supported.", { param: 'responseFormat' }));
    await expect(run(new LocalBackend('m', engine), {})).rejects.toMatchObject({ name: 'SallyportError', code: 'unsupported_feature', param: 'response_format', status: 422 });
  });

  it('refuses by name what only an upstream can do', async () => {
    const { engine } = engineOf();
    await expect(run(new LocalBackend('m', engine), { passthrough: { tools: [{}] } })).rejects.toMatchObject({ code: 'unsupported_feature', param: 'tools' });
  });
});
