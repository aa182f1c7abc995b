import type { CategoryRule, PolicyDocument, PolicyVersion, RuleHit, ScreenScores } from '@sallyport/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, DEFAULT_POLICY, explain, judge, matchLists, piiHits, planAnswer, planPrompt, planText, readLanguages, redecide, refusalFor } from '../index.js';

const SEVERITY = { allow: 0, review: 1, block: 2 };
const version = (document: Partial<PolicyDocument>, number = 1): PolicyVersion => ({ id: 'p', version: number, document: { ...DEFAULT_POLICY, ...document } });
const scored = (scores: Record<string, number>, rest: Partial<ScreenScores> = {}): ScreenScores => ({ subject: 'input', direction: 'prompt', screen: 'guard', model: 'm', status: 'scored', scores, coverage: { tokens: 1, tokensScreened: 1, windows: 1 }, queueMs: 0, inferenceMs: 0, ...rest });
const decideOn = (policy: PolicyVersion, scores: ScreenScores[], hits: RuleHit[] = []) => decide(scores.map((result) => judge(result, policy)), policy, { hits });

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const directionRule = fc.record({ enabled: fc.boolean(), threshold: unit, action: fc.constantFrom('allow', 'review', 'block') }, { requiredKeys: [] });
const rule = fc.record({ enabled: fc.boolean(), threshold: unit, action: fc.constantFrom('allow', 'review', 'block'), directions: fc.dictionary(fc.constantFrom('prompt', 'response'), directionRule) }) as fc.Arbitrary<CategoryRule>;
const codes = fc.constantFrom('harm', 'S1', 'S2', 'S10', 'custom:x');
const documents: fc.Arbitrary<PolicyDocument> = fc.record({ categories: fc.dictionary(fc.constantFrom('harm', 'S1', 'S2', 'S10'), rule), own: rule }).map(({ categories, own }) => ({
  ...DEFAULT_POLICY, categories, customCategories: [{ code: 'x', name: 'x', description: 'x', examples: { positive: [], negative: [] }, ...own }],
}));
const direction = fc.constantFrom('prompt' as const, 'response' as const);

describe('decisions', () => {
  it('never get milder when a score rises, whatever the policy', () => {
    fc.assert(fc.property(documents, fc.dictionary(codes, unit), codes, unit, direction, (document, some, raised, by, where) => {
      const scores: Record<string, number> = { harm: 0, ...some, [raised]: (some as Record<string, number>)[raised] ?? 0 };
      const more = { ...scores, [raised]: Math.min(1, scores[raised]! + by) };
      const policy = version(document);
      expect(SEVERITY[decideOn(policy, [scored(more, { direction: where })]).action]).toBeGreaterThanOrEqual(SEVERITY[decideOn(policy, [scored(scores, { direction: where })]).action]);
    }), { numRuns: 2_000 });
  });

  it('are all restored by a rollback', () => {
    fc.assert(fc.property(documents, documents, fc.array(fc.dictionary(codes, unit), { maxLength: 8 }), (first, second, rows) => {
      const decisions = (policy: PolicyVersion) => rows.map((scores) => decideOn(policy, [scored(scores)]));
      const [one, two] = [version(first, 1), version(second, 2)];
      const before = decisions(one);
      decisions(two);
      expect(decisions({ ...one, document: JSON.parse(JSON.stringify(one.document)) as PolicyDocument })).toEqual(before);
    }));
  });

  it('name the view that fired where the text as it stands did not, and only then', () => {
    const policy = version({ categories: { S1: { enabled: true, threshold: 0.5, action: 'block' } } });
    const raised = (score: number, plain: number) => scored({ S1: score }, { views: { S1: { view: 'decoded', plain } } });
    expect(judge(raised(0.9, 0.1), policy).categories['S1']).toMatchObject({ flagged: true, view: 'decoded' });
    expect(judge(raised(0.9, 0.6), policy).categories['S1']).not.toHaveProperty('view');
    expect(judge(raised(0.4, 0.1), policy).categories['S1']).not.toHaveProperty('view');
    const decision = decideOn(policy, [raised(0.9, 0.1)]);
    expect(decision.reasons).toEqual([expect.objectContaining({ rule: 'S1', view: 'decoded' })]);
    expect(explain(decision).join(' ')).toContain('read as decoded');
  });

  it('name the view also where a rule of another taxonomy reads the scores', () => {
    const policy = version({ taxonomy: 'llama-guard-2', categories: { S10: { enabled: true, threshold: 0.5, action: 'block' } } });
    const scores = scored({ S11: 0.9, S1: 0.2 }, { views: { S11: { view: 'latin', plain: 0.2 }, S1: { view: 'rot13', plain: 0.1 } } });
    expect(judge(scores, policy).categories['S10']).toMatchObject({ flagged: true, view: 'latin' });
  });

  it('of the default policy hold documents and tool results to a threshold of their own', () => {
    const decided = (scores: Record<string, number>) => (['prompt', 'document', 'tool'] as const).map((direction) => decideOn(version({}), [scored(scores, { screen: 'prompt-guard', direction })]).action);
    expect(decided({ attack: 0.4, indirect: 0.7 })).toEqual(['allow', 'block', 'block']);
    expect(decided({ attack: 0.7, injection: 0.7, indirect: 0.1 })).toEqual(['block', 'allow', 'allow']);
    const { subjects } = planPrompt({ messages: [{ role: 'user', content: 'Find it.' }, { role: 'tool', content: 'A page.' }], documents: ['A file.'] }, DEFAULT_POLICY);
    expect(subjects['prompt-guard'].map(({ direction, text }) => [direction, text])).toEqual([['prompt', 'Find it.'], ['tool', 'A page.'], ['document', 'A file.']]);
  });

  it('name the rule, the score, the threshold, the direction and the version', () => {
    const policy = version({ categories: { S1: { enabled: true, threshold: 0.9, action: 'block', directions: { response: { threshold: 0.4, action: 'review' } } } } }, 7);
    const decision = decideOn(policy, [scored({ S1: 0.5 }, { direction: 'response', subject: 'choices.0' })]);
    expect(decision).toEqual({ action: 'review', policy: 'p@7', degraded: false, reasons: [{ subject: 'choices.0', screen: 'guard', direction: 'response', rule: 'S1', action: 'review', score: 0.5, threshold: 0.4 }] });
    expect(explain(decision)).toEqual(['p@7 decided review.', 'S1 scores 0.500, at or above 0.4, in choices.0 (response): review.']);
    expect(decideOn(policy, [scored({ S1: 0.5 })]).action).toBe('allow');
  });

  it('switch a rule off in one direction only', () => {
    const policy = version({ categories: { S1: { enabled: true, threshold: 0.1, action: 'block', directions: { tool: { enabled: false } } }, S2: { enabled: true, threshold: 0.9, action: 'block' } } });
    expect(decideOn(policy, [scored({ S1: 0.5, S2: 0 }, { direction: 'tool' })]).action).toBe('allow');
    expect(decideOn(policy, [scored({ S1: 0.5, S2: 0 })]).action).toBe('block');
  });

  it('read older thresholds by direction', () => {
    const policy = version({ categories: { S1: { enabled: true, threshold: 0.9, action: 'block', thresholds: { response: 0.2 } } } });
    expect(decideOn(policy, [scored({ S1: 0.3 }, { direction: 'response' })]).action).toBe('block');
  });

  it('count custom categories, and name those that the model cannot score', () => {
    const own = { code: 'bets', name: 'b', description: 'b', examples: { positive: [], negative: [] }, enabled: true, threshold: 0.5, action: 'block' as const };
    const policy = version({ customCategories: [own] });
    expect(decideOn(policy, [scored({ harm: 0, 'custom:bets': 0.7 })])).toMatchObject({ action: 'block', reasons: [{ rule: 'custom:bets' }] });
    expect(judge(scored({ harm: 0 }), policy)).toMatchObject({ flagged: false, unjudged: ['custom:bets'] });
  });

  it.each([
    ['llama-guard-2', 'S5', { S6: 0.9, S5: 0.1 }],
    ['llama-guard-1', 'O1', { S1: 0.1, S10: 0.9 }],
    ['mlcommons-ailuminate', 'hte', { S10: 0.9 }],
    ['mlcommons-ailuminate', 'spc', { S13: 0.9 }],
    ['openai-moderation', 'hate', { S10: 0.9 }],
  ])('of a %s policy translate its %s before comparing', (taxonomy, code, scores) => {
    const policy = version({ taxonomy, categories: { [code]: { enabled: true, threshold: 0.5, action: 'block' } } });
    expect(decideOn(policy, [scored(scores)])).toMatchObject({ action: 'block', reasons: [{ rule: code, score: 0.9 }] });
    expect(decideOn(policy, [scored({ S5: 0.9, S10: 0, S1: 0, S6: 0, S13: 0 })]).action).toBe('allow');
  });
});

describe('lists', () => {
  const lists = (allow: object[], block: object[] = []) => version({ lists: { allow, block } as never });
  const subject = (text: string, id = 'input') => ({ id, direction: 'prompt' as const, text });

  it('allow a text only as a whole, block it wherever it stands', () => {
    const policy = lists([{ id: 'lights', exact: 'Kill  the lights' }, { regex: 'kill (the|a) process' }], [{ exact: 'acme' }]);
    const on = (text: string) => decideOn(policy, [scored({ S1: 0.99 })], matchLists([subject(text)], policy.document));
    expect(on('kill THE lights')).toMatchObject({ action: 'allow', reasons: [], waived: [{ rule: 'S1', allowedBy: 'allow.lights' }] });
    expect(on('kill a process').action).toBe('allow');
    expect(on('kill a process and my neighbour').action).toBe('block');
    expect(on('kill the lights, Acme!')).toMatchObject({ action: 'block', reasons: [{ rule: 'block.0', screen: 'list' }, { rule: 'S1' }] });
    expect(matchLists([subject('acmeology')], policy.document)).toEqual([]);
  });

  it('never let an allow entry cover a piece of an answer that is still growing', () => {
    const { document } = lists([{ regex: 'kill.*' }]);
    const plan = (partial: boolean) => planAnswer({ messages: [], parts: [{ id: 'a', text: 'kill it', partial }] }, document);
    expect(matchLists(plan(true).texts, document)).toEqual([]);
    expect(matchLists(plan(false).texts, document)).toMatchObject([{ rule: 'allow.0' }]);
  });

  it('never let an allow entry cover a failed check, a block entry or another text', () => {
    const policy = lists([{ regex: '.*' }], [{ exact: 'acme', action: 'review' }]);
    const hits = matchLists([subject('acme')], policy.document);
    expect(decideOn(policy, [scored({}, { status: 'indeterminate', reason: 'timeout' })], hits)).toMatchObject({ action: 'block' });
    expect(decideOn(policy, [scored({ S1: 0.99 })], hits)).toMatchObject({ action: 'review', reasons: [{ rule: 'block.0' }] });
    expect(decideOn(policy, [scored({ S1: 0.99 }, { subject: 'other' })], hits).action).toBe('block');
  });

  it('are monotone: a block entry never makes a decision milder, an allow entry never severer', () => {
    const hit = (name: 'allow' | 'block'): RuleHit => ({ subject: 'input', direction: 'prompt', source: 'list', rule: `${name}.0`, action: name });
    fc.assert(fc.property(documents, fc.dictionary(codes, unit), (document, scores) => {
      const policy = version(document);
      const plain = SEVERITY[decideOn(policy, [scored(scores)]).action];
      expect(SEVERITY[decideOn(policy, [scored(scores)], [hit('block')]).action]).toBe(SEVERITY.block);
      expect(SEVERITY[decideOn(policy, [scored(scores)], [hit('allow')]).action]).toBeLessThanOrEqual(plain);
    }));
  });

  it('take time in proportion to the text, not to its powers', () => {
    const policy = lists([], [{ regex: '(a+)+$' }]);
    expect(matchLists([subject(`${'a'.repeat(20_000)}!`)], policy.document)).toEqual([]);
  });

  it('see texts that no screen reads', () => {
    const policy = { ...DEFAULT_POLICY, screens: { guard: [], 'prompt-guard': [] } };
    expect(planText('x', 'prompt', policy)).toMatchObject({ texts: [{ id: 'input' }], unscreened: ['input'] });
  });
});

describe('personal data', () => {
  const hit: RuleHit = { subject: 'input', direction: 'prompt', source: 'pii', rule: 'pii.email', action: 'redact' };

  it('is a hit where the policy has a rule for its kind in the direction', () => {
    const { document } = version({ pii: { email: { enabled: true, action: 'redact', directions: { response: { action: 'block' }, tool: { enabled: false } } }, phone: { enabled: false, action: 'block' } } });
    const at = (direction: 'prompt' | 'response' | 'tool') => piiHits(['email', 'email', 'phone', 'iban', 'toString'], { subject: 'input', direction }, document).map(({ rule, action }) => [rule, action]);
    expect([at('prompt'), at('response'), at('tool')]).toEqual([[['pii.email', 'redact']], [['pii.email', 'block']], []]);
  });

  it('is blocked unless the caller takes it out', () => {
    const policy = version({});
    expect(decide([], policy, { hits: [hit] })).toMatchObject({ action: 'block', reasons: [{ action: 'redact', rule: 'pii.email' }] });
    expect(decide([], policy, { hits: [{ ...hit, redacted: true }] }).action).toBe('allow');
  });
});

describe('plans', () => {
  const call = { id: 'c', type: 'function' as const, function: { name: 'f', arguments: '{}' } };

  it('leave tool calls and documents out when the policy says so, and name them', () => {
    const policy = { ...DEFAULT_POLICY, screenToolCalls: false, screenDocuments: false };
    const plan = planPrompt({ messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b', toolCalls: [call] }], documents: ['d'] }, policy);
    expect(plan.unscreened).toEqual(['messages.1.tool_calls.0', 'documents.0']);
    expect(planAnswer({ messages: [], parts: [{ id: 'choices.0.message.tool_calls.0.function', text: 'f' }] }, policy).unscreened).toEqual(['choices.0.message.tool_calls.0.function']);
  });
});

describe('refusals', () => {
  const policy = version({ refusals: { default: { default: 'No.', de: 'Nein.', 'pt-br': 'Não.' }, S1: 'Violence.' } });
  const blocked = (code: string) => decideOn(policy, [scored({ [code]: 0.99 })]);

  it.each([['de-AT,en;q=0.5', 'Nein.'], ['pt-BR', 'Não.'], ['pt', 'No.'], ['en;q=1, de;q=0', 'No.'], ['fr, de;q=0.1', 'Nein.'], [undefined, 'No.'], ['default', 'No.'], ['*;;=,', 'No.']])('in the language of %s', (header, text) => {
    expect(refusalFor(blocked('S2'), policy, readLanguages(header))).toBe(text);
  });

  it('of a category as one text', () => expect(refusalFor(blocked('S1'), policy, ['de'])).toBe('Violence.'));
});

describe('redecide', () => {
  it('counts only texts that the policy looks at, tries its lists on them, and names what it would have had checked', () => {
    const kept = [{ subject: 'messages.0', direction: 'prompt' as const, screen: 'guard' as const, scores: { S1: 0.99 } }];
    const messages = [{ role: 'user' as const, content: 'old' }, { role: 'assistant' as const, content: 'answer' }, { role: 'user' as const, content: 'Acme' }];
    const { texts } = planPrompt({ messages }, DEFAULT_POLICY);
    expect(redecide(kept, version({}), texts)).toMatchObject({ decision: { action: 'block' }, unjudged: ['messages.0', 'messages.1', 'messages.2'] });
    expect(redecide(kept, version({ scope: 'latest' }), texts)).toMatchObject({ decision: { action: 'allow' }, unjudged: ['messages.2'] });
    expect(redecide(kept, version({ scope: 'latest', lists: { block: [{ exact: 'acme' }] } }), texts).decision).toMatchObject({ action: 'block', reasons: [{ rule: 'block.0' }] });
  });

  it('names a custom category that no score is kept of', () => {
    const own = { code: 'bets', name: 'b', description: 'b', examples: { positive: [], negative: [] }, enabled: true, threshold: 0.5, action: 'block' as const };
    expect(redecide([{ subject: 'input', direction: 'prompt', screen: 'guard', scores: { harm: 0 } }], version({ customCategories: [own] })).unjudged).toEqual(['custom:bets']);
  });

  it('decides on kept scores as on fresh ones', () => {
    fc.assert(fc.property(documents, fc.dictionary(codes, unit), direction, (document, scores, where) => {
      const policy = version(document);
      expect(redecide([{ subject: 'input', direction: where, screen: 'guard', scores }], policy).decision).toEqual(decideOn(policy, [scored(scores, { direction: where })]));
    }));
  });
});
