import type { Decision, DecisionReason } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { isUnavailable, requireVerdict } from './unavailable.js';

const reason = (rest: Partial<DecisionReason>): DecisionReason => ({ subject: 'input', screen: 'guard', rule: 'S1', action: 'block', ...rest });
const failed = reason({ rule: 'indeterminate', indeterminate: 'timeout' });
const blocked = (...reasons: DecisionReason[]): Decision => ({ action: 'block', policy: 'p@1', reasons, degraded: false });

describe('isUnavailable', () => {
  it.each<[string, Decision, boolean]>([
    ['a failed check alone', blocked(failed), true],
    ['a failed check beside a category', blocked(failed, reason({})), false],
    ['a list entry', blocked(reason({ screen: 'list', rule: 'block.0' })), false],
    ['personal data that nobody takes out', blocked(reason({ screen: 'pii', rule: 'pii.email', action: 'redact' })), false],
    ['a review', { ...blocked(reason({ action: 'review' })), action: 'review' }, false],
  ])('%s: %s', (_what, decision, expected) => {
    expect(isUnavailable(decision)).toBe(expected);
    if (expected) expect(() => requireVerdict(decision)).toThrow(expect.objectContaining({ code: 'guard_unavailable', message: expect.stringContaining('guard (timeout)') }));
    else expect(() => requireVerdict(decision)).not.toThrow();
  });
});
