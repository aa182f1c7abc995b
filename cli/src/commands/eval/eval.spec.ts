import { DEFAULT_POLICY } from '@sallyport/policy';
import type { CategoryRule, Direction, PolicyDocument } from '@sallyport/contracts';
import { expect, it } from 'vitest';
import { policyThresholds } from './eval.js';
import type { EvaluationRow, Target } from './evaluation-rows.js';

const rule = (threshold: number, document: number): CategoryRule => ({ enabled: true, threshold, action: 'block', directions: { document: { threshold: document } } });
const POLICY: PolicyDocument = { ...DEFAULT_POLICY, attacks: { attack: rule(0.4, 0.8) }, categories: { ...DEFAULT_POLICY.categories, S1: rule(0.3, 0.2) } };
const rowsOf = (...directions: Direction[]) => directions.map((direction) => ({ direction }) as EvaluationRow);
const mainOf = (target: Target, ...directions: Direction[]) => policyThresholds(POLICY, { target, rows: rowsOf(...directions) }).main;

it('flags a set at the threshold that the policy has in the direction of its rows, the lowest of several', () => {
  expect(mainOf('attack', 'document', 'document')).toBe(0.8);
  expect(mainOf('attack', 'prompt')).toBe(0.4);
  expect(mainOf('attack', 'document', 'prompt')).toBe(0.4);
  expect(mainOf('harm', 'response')).toBe(POLICY.categories['harm']!.threshold);
  expect(policyThresholds(POLICY, { target: 'harm', rows: rowsOf('document') }).hazard('S1')).toBe(0.2);
  expect(policyThresholds({ ...POLICY, attacks: {} }, { target: 'attack', rows: rowsOf('prompt') }).main).toBe(0.5);
});
