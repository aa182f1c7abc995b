import type { CategoryRule } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../documents/default-policy.js';
import { excludedLabels } from './excluded-labels.js';

const on: CategoryRule = { enabled: true, threshold: 0.5, action: 'block' };
const off: CategoryRule = { ...on, enabled: false };
const labels = (taxonomy: string, categories: Record<string, CategoryRule>) => excludedLabels({ ...DEFAULT_POLICY, taxonomy, categories });

describe('excludedLabels', () => {
  it.each([
    ['nothing of the default policy', 'llama-guard-3', DEFAULT_POLICY.categories, []],
    ['what is listed as disabled', 'llama-guard-3', { harm: on, S1: on, S6: off }, ['S6']],
    ['not what is disabled in some directions only', 'llama-guard-3', { S1: { ...on, directions: { prompt: { enabled: false } } } }, []],
    ['not what is enabled in one direction', 'llama-guard-3', { S1: { ...off, directions: { response: { enabled: true } } } }, []],
    ['codes of another taxonomy by their meaning', 'llama-guard-2', { S5: off, S1: on }, ['S6']],
    ['not a hazard that an enabled category shares', 'llama-guard-1', { O3: off, O5: on }, []],
    ['nothing where nothing would be left', 'llama-guard-3', Object.fromEntries(Object.keys(DEFAULT_POLICY.categories).map((code) => [code, off])), []],
    ['nothing in the taxonomy of OpenAI', 'openai-moderation', { hate: off }, []],
  ])('names %s', (_what, taxonomy, categories, expected) => { expect(labels(taxonomy, categories)).toEqual(expected); });
});
