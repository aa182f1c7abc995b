import { DEFAULT_POLICY } from '@sallyport/policy';
import type { Direction } from '@sallyport/contracts';
import { expect, it } from 'vitest';
import { policyThreshold } from './eval.js';
import type { EvaluationRow, Target } from './evaluation-rows.js';

const POLICY = { ...DEFAULT_POLICY, attacks: { attack: { enabled: true, threshold: 0.4, action: 'block' as const, directions: { document: { threshold: 0.8 } } } } };
const thresholdOf = (target: Target, ...directions: Direction[]) => policyThreshold(POLICY, { target, rows: directions.map((direction) => ({ direction }) as EvaluationRow) });

it('flags a set at the threshold that the policy has in the direction of its rows, the lowest of several', () => {
  expect(thresholdOf('attack', 'document', 'document')).toBe(0.8);
  expect(thresholdOf('attack', 'prompt')).toBe(0.4);
  expect(thresholdOf('attack', 'document', 'prompt')).toBe(0.4);
  expect(thresholdOf('harm', 'response')).toBe(POLICY.categories['harm']!.threshold);
  expect(policyThreshold({ ...POLICY, attacks: {} }, { target: 'attack', rows: [{ direction: 'prompt' } as EvaluationRow] })).toBe(0.5);
});
