import { describe, expect, it } from 'vitest';
import { parseGuardReference } from './guard-reference.js';
import { versionInName } from './guard-version.js';

describe('versionInName', () => {
  it.each([
    ['meta-llama/LlamaGuard-7b', 'llama-guard-1'],
    ['meta-llama/Meta-Llama-Guard-2-8B', 'llama-guard-2'],
    ['meta-llama/Llama-Guard-3-1B', 'llama-guard-3-1b'],
    ['meta-llama/Llama-Guard-3-8B-INT8', 'llama-guard-3-8b'],
    ['/models/Llama-Guard-3-11B-Vision/', 'llama-guard-3-11b-vision'],
    ['/models/Llama-Guard-3-8B.Q4_K_M.gguf', 'llama-guard-3-8b'],
    ['llama-guard3:1b', 'llama-guard-3-1b'],
    ['meta-llama/Llama-Guard-4-12B', 'llama-guard-4'],
    ['llamaguard-7b.Q8_0.gguf', 'llama-guard-1'],
    ['llama-guard3', undefined],
    ['meta-llama/Llama-Prompt-Guard-2-86M', undefined],
    ['meta-llama/Llama-3.2-1B', undefined],
  ])('%s is %s', (name, version) => { expect(versionInName(name)).toBe(version); });
});

describe('parseGuardReference', () => {
  it.each([
    ['bundled', { kind: 'bundled' }],
    ['/models/mine', { kind: 'model', reference: '/models/mine', version: undefined }],
    ['/models/mine@llama-guard-3-8b', { kind: 'model', reference: '/models/mine', version: 'llama-guard-3-8b' }],
    ['hf:meta-llama/Llama-Guard-3-1B', { kind: 'model', reference: 'hf:meta-llama/Llama-Guard-3-1B', version: 'llama-guard-3-1b' }],
    ['hf:meta-llama/Llama-Guard-3-1B@abc123', { kind: 'model', reference: 'hf:meta-llama/Llama-Guard-3-1B@abc123', version: 'llama-guard-3-1b' }],
    ['hf:me/own@main@llama-guard-4', { kind: 'model', reference: 'hf:me/own@main', version: 'llama-guard-4' }],
    ['openai:http://127.0.0.1:11434/v1/#llama-guard3:8b', { kind: 'server', baseUrl: 'http://127.0.0.1:11434/v1', model: 'llama-guard3:8b', version: 'llama-guard-3-8b' }],
    ['openai:https://guard.example/v1#own@llama-guard-2', { kind: 'server', baseUrl: 'https://guard.example/v1', model: 'own', version: 'llama-guard-2' }],
    ['bundled+hf:meta-llama/Llama-Guard-4-12B', { kind: 'cascade', second: { kind: 'model', reference: 'hf:meta-llama/Llama-Guard-4-12B', version: 'llama-guard-4' } }],
  ])('reads %s', (text, parsed) => { expect(parseGuardReference(text)).toEqual(parsed); });

  it.each(['bundled+', 'bundled+bundled', 'openai:http://127.0.0.1:8000/v1', 'openai:127.0.0.1#llama-guard-4', 'openai:http://127.0.0.1/v1#some-model'])('refuses %s', (text) => {
    expect(() => parseGuardReference(text)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'SALLYPORT_GUARD' }));
  });
});
