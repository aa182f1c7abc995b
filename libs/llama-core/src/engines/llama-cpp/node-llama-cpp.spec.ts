import { describe, expect, it } from 'vitest';
import { createLlamaCppEngine } from './llama-cpp-engine.js';
import { importNodeLlamaCpp } from './node-llama-cpp.js';

describe('createLlamaCppEngine without node-llama-cpp', () => {
  it('says how to install it', async () => {
    await expect(createLlamaCppEngine({ model: 'x.gguf', importPackage: () => importNodeLlamaCpp('node-llama-cpp-that-is-not-there') })).rejects.toMatchObject({ code: 'missing_dependency', message: expect.stringContaining('npm install node-llama-cpp@3') });
  });
});
