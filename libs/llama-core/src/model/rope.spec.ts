import { describe, expect, it } from 'vitest';
import { JsonFields } from './json-fields.js';
import { ropeFrequencies, ropeScalingFromJson } from './rope.js';

const llama3 = (factor: number, highFreqFactor = 4) => ({ type: 'llama3', factor, lowFreqFactor: 1, highFreqFactor, originalMaxPositions: 8192 }) as const;

/** Original over scaled frequency, as transformers' `_compute_llama3_parameters` gives it (published in GGUF files as rope_freqs). */
describe('Llama 3.1 scaling', () => {
  it.each<[string, { headDim: number; scaling: ReturnType<typeof llama3> }, number, Record<number, number>, number]>([
    ['Llama 3.1 8B', { headDim: 128, scaling: llama3(8) }, 29, { 29: 1.207484, 30: 1.553415, 31: 2.026313, 32: 2.69453, 33: 3.684253, 34: 5.257327, 35: 8, 63: 8 }, 3.068925988914511e-7],
    ['Llama 3.2 1B', { headDim: 64, scaling: llama3(32) }, 15, { 15: 1.651329, 16: 3.292262, 17: 9.666729, 18: 32, 31: 32 }, 9.418306725434909e-8],
    ['Llama 4 Scout, whose bands touch', { headDim: 128, scaling: llama3(16, 1) }, 35, { 35: 16, 63: 16 }, 1.5344629944572555e-7],
  ])('%s', (_name, { headDim, scaling }, first, ratios, last) => {
    const plain = ropeFrequencies({ headDim, theta: 500_000 });
    const scaled = ropeFrequencies({ headDim, theta: 500_000, scaling });
    for (let i = 0; i < first; i++) expect(scaled[i]).toBe(plain[i]);
    for (const [i, ratio] of Object.entries(ratios)) expect(plain[Number(i)]! / scaled[Number(i)]!).toBeCloseTo(ratio, 5);
    expect(scaled.at(-1)! / last).toBeCloseTo(1, 5);
  });
});

describe('ropeScalingFromJson', () => {
  it('reads both spellings', () => {
    expect(ropeScalingFromJson(new JsonFields({ type: 'linear', factor: 4 }))).toEqual({ ropeScaling: { type: 'linear', factor: 4 } });
    expect(ropeScalingFromJson(new JsonFields({ rope_type: 'default', rope_theta: 1 }))).toEqual({});
    expect(ropeScalingFromJson(undefined)).toEqual({});
  });

  it.each(['yarn', 'dynamic', 'longrope', 'su'])('refuses %s by name', (type) => {
    expect(() => ropeScalingFromJson(new JsonFields({ rope_type: type, factor: 2 }))).toThrowError(expect.objectContaining({ code: 'unsupported_architecture', message: expect.stringContaining(`'${type}'`) }));
  });
});
