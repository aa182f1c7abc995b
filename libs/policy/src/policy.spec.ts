import type { ChatMessage, PolicyVersion, ScreenScores } from '@sallyport/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, DEFAULT_POLICY, getTaxonomy, judge, openAiCategories, openAiScores, parsePolicyDocument, planAnswer, planPrompt, policyCategories, refusalFor, summarize } from './index.js';

const policy: PolicyVersion = { id: 'default', version: 1, document: DEFAULT_POLICY };
const scored = (screen: ScreenScores['screen'], scores: Record<string, number>, rest: Partial<ScreenScores> = {}): ScreenScores => ({
  subject: 'messages.0', direction: 'prompt', screen, model: 'm@1', status: 'scored', scores, coverage: { tokens: 5, tokensScreened: 5, windows: 1 }, queueMs: 0, inferenceMs: 0, ...rest,
});
const failed = (screen: ScreenScores['screen']): ScreenScores => scored(screen, {}, { status: 'indeterminate', reason: 'timeout', coverage: { tokens: 0, tokensScreened: 0, windows: 0 } });
const decideOn = (scores: ScreenScores[], at = policy) => decide(scores.map((result) => judge(result, at)), at);

describe('judge and decide', () => {
  it('blocks at the threshold and not below', () => {
    const threshold = DEFAULT_POLICY.categories['S1']!.threshold;
    expect(decideOn([scored('guard', { S1: threshold })])).toMatchObject({ action: 'block', reasons: [{ rule: 'S1', threshold }] });
    expect(decideOn([scored('guard', { S1: threshold - 1e-9 })])).toMatchObject({ action: 'allow', reasons: [] });
  });

  it('uses the threshold of the direction where there is one', () => {
    const document = { ...DEFAULT_POLICY, attacks: { attack: { enabled: true, threshold: 0.85, action: 'block' as const, thresholds: { document: 0.3 } } } };
    const at = { ...policy, document };
    expect(decideOn([scored('prompt-guard', { attack: 0.4 }, { direction: 'document' })], at).action).toBe('block');
    expect(decideOn([scored('prompt-guard', { attack: 0.4 })], at).action).toBe('allow');
  });

  it('never lets an indeterminate check pass in silence', () => {
    expect(decideOn([failed('guard')])).toMatchObject({ action: 'block', degraded: false, reasons: [{ rule: 'indeterminate', indeterminate: 'timeout' }] });
    const lenient = { ...policy, document: { ...DEFAULT_POLICY, onFailure: { ...DEFAULT_POLICY.onFailure, guard: 'allow' as const } } };
    expect(decideOn([failed('guard')], lenient)).toMatchObject({ action: 'allow', degraded: true });
  });

  it('treats scores of a model that knows none of the rules as no verdict', () => {
    const verdict = judge(scored('guard', { attack: 0.01, jailbreak: 0.02 }), policy);
    expect(verdict).toMatchObject({ status: 'indeterminate', reason: 'unparsable', flagged: false });
    expect(decide([verdict], policy)).toMatchObject({ action: 'block', reasons: [{ rule: 'indeterminate' }] });
  });

  it('never gets milder when a score rises', () => {
    const severity = { allow: 0, review: 1, block: 2 };
    const label = fc.constantFrom('harm', ...Object.keys(DEFAULT_POLICY.categories));
    fc.assert(
      fc.property(fc.dictionary(label, fc.double({ min: 0, max: 1, noNaN: true })), label, fc.double({ min: 0, max: 1, noNaN: true }), (some, raised, by) => {
        const scores: Record<string, number> = { harm: 0, ...some };
        const more = { ...scores, [raised]: Math.min(1, (scores[raised] ?? 0) + by) };
        expect(severity[decideOn([scored('guard', more)]).action]).toBeGreaterThanOrEqual(severity[decideOn([scored('guard', scores)]).action]);
      }),
    );
  });

  it('names the category before "any harm", and picks its refusal', () => {
    const decision = decideOn([scored('guard', { harm: 0.99, S11: 0.9 })]);
    expect(decision.reasons.map((reason) => reason.rule)).toEqual(['S11', 'harm']);
    expect(refusalFor(decision, policy)).toBe(DEFAULT_POLICY.refusals['S11']);
  });
});

describe('plans', () => {
  const messages: ChatMessage[] = [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: 'one' },
    { role: 'assistant', content: 'two', toolCalls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"q":"x"}' } }] },
    { role: 'tool', content: 'result', toolCallId: 'c' },
    { role: 'user', content: 'three' },
  ];

  it('gives every text to the screens of its direction and names what nobody reads', () => {
    const plan = planPrompt({ messages, documents: ['doc'] }, DEFAULT_POLICY);
    expect(plan.subjects.guard.map((subject) => [subject.id, subject.direction])).toEqual([['messages.1', 'prompt'], ['messages.2', 'response'], ['messages.2.tool_calls.0', 'response'], ['messages.3', 'tool'], ['messages.4', 'prompt'], ['documents.0', 'document']]);
    expect(plan.subjects['prompt-guard'].map((subject) => subject.id)).toEqual(['messages.1', 'messages.3', 'messages.4', 'documents.0']);
    expect(plan.unscreened).toEqual(['messages.0']);
  });

  it('screens the newest turn only when the policy says so, and names the rest', () => {
    const plan = planPrompt({ messages }, { ...DEFAULT_POLICY, scope: 'latest', screenSystemMessages: true });
    expect(plan.subjects.guard.map((subject) => subject.id)).toEqual(['messages.3', 'messages.4']);
    expect(plan.unscreened).toEqual(['messages.0', 'messages.1', 'messages.2', 'messages.2.tool_calls.0']);
  });

  it('gives an answer its question', () => {
    const [subject] = planAnswer({ messages, parts: [{ id: 'choices.0.message.content', text: 'four' }] }, DEFAULT_POLICY).subjects.guard;
    expect(subject).toMatchObject({ direction: 'response', history: [{ text: 'one' }, { text: 'two' }, { text: 'three' }] });
  });

  it('loses no text, whatever the conversation', () => {
    const message = fc.record({ role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'developer'), content: fc.string() }) as fc.Arbitrary<ChatMessage>;
    fc.assert(
      fc.property(fc.array(message), fc.constantFrom('conversation', 'latest'), fc.boolean(), (list, scope, screenSystemMessages) => {
        const plan = planPrompt({ messages: list }, { ...DEFAULT_POLICY, scope: scope as 'latest', screenSystemMessages });
        const named = new Set([...plan.subjects.guard, ...plan.subjects['prompt-guard']].map((subject) => subject.id).concat(plan.unscreened));
        list.forEach((item, index) => { expect(named.has(`messages.${index}`)).toBe(item.content.trim() !== ''); });
      }),
    );
  });
});

describe('summarize', () => {
  it('takes the highest scores, names the attack kind, counts each text once', () => {
    const scores = [scored('guard', { harm: 0.2, S1: 0.1 }), scored('guard', { harm: 0.4, S2: 0.3 }, { subject: 'messages.1' }), scored('prompt-guard', { attack: 0.95, injection: 0.9, jailbreak: 0.2, indirect: 0.1 })];
    const verdicts = scores.map((result) => judge(result, policy));
    expect(summarize({ scores, verdicts, decision: decide(verdicts, policy), policy, unscreened: ['messages.2'] })).toEqual({
      harm: 0.4, categories: { S1: 0.1, S2: 0.3 }, attack: 0.95, attack_kind: 'injection', decision: 'block', policy: 'default@1', models: ['m@1'],
      coverage: { tokens: 10, tokens_screened: 10, windows: 3, unscreened: ['messages.2'] },
    });
  });

  it('says which model of a cascade decided, and what ran it', () => {
    const scores = [scored('guard', { harm: 0.2 }, { stage: 'llama-guard', engine: 'onnxruntime' }), scored('guard', { harm: 0.01 }, { subject: 'messages.1', stage: 'encoder' }), scored('prompt-guard', { attack: 0 })];
    const verdicts = scores.map((result) => judge(result, policy));
    expect(verdicts[0]).toMatchObject({ stage: 'llama-guard', engine: 'onnxruntime' });
    expect(verdicts[2]).not.toHaveProperty('stage');
    expect(summarize({ scores, verdicts, decision: decide(verdicts, policy), policy, unscreened: [] })).toMatchObject({ stages: ['llama-guard', 'encoder'], engines: ['onnxruntime'] });
  });

  it('says what was not checked', () => {
    const scores = [failed('guard'), scored('prompt-guard', { attack: 0 })];
    const verdicts = scores.map((result) => judge(result, policy));
    expect(summarize({ scores, verdicts, decision: decide(verdicts, policy), policy, unscreened: [] })).toMatchObject({ harm: null, decision: 'block', indeterminate: [{ screen: 'guard', reason: 'timeout' }], coverage: { tokens_screened: 0, unscreened: ['messages.0'] } });
  });
});

describe('OpenAI keys', () => {
  it('are the 13 of the API, each with a score', () => {
    const keys = getTaxonomy('openai-moderation').categories.map((category) => category.code).sort();
    expect(Object.keys(openAiScores({})).sort()).toEqual(keys);
    expect(openAiScores({ S10: 0.9, S1: 0.3 })).toMatchObject({ hate: 0.9, 'hate/threatening': 0.3, violence: 0.3, sexual: 0 });
    expect(openAiCategories({ S10: 0.9 }, DEFAULT_POLICY)).toMatchObject({ hate: true, violence: false });
  });

  it.each([
    ['openai-moderation', { hate: { enabled: true, threshold: 0.3, action: 'block' as const } }],
    ['llama-guard-2', { S9: { enabled: true, threshold: 0.3, action: 'block' as const } }],
    ['mlcommons-ailuminate', { hte: { enabled: true, threshold: 0.3, action: 'block' as const } }],
  ])('are flagged by the rules of a %s policy', (taxonomy, categories) => {
    const document = { ...DEFAULT_POLICY, taxonomy, categories };
    expect(openAiCategories({ S10: 0.4 }, document)).toMatchObject({ hate: true, violence: false });
    expect(openAiCategories({ S10: 0.2 }, document)).toMatchObject({ hate: false });
  });

  it('take the threshold of the direction', () => {
    const document = { ...DEFAULT_POLICY, categories: { S10: { ...DEFAULT_POLICY.categories['S10']!, directions: { response: { threshold: 0.1 } } } } };
    expect(openAiCategories({ S10: 0.2 }, document, ['response'])).toMatchObject({ hate: true });
    expect(openAiCategories({ S10: 0.2 }, document, ['prompt'])).toMatchObject({ hate: false });
  });

  it('never flags harm without a category', () => {
    const threshold = DEFAULT_POLICY.categories['harm']!.threshold;
    const keysOf = (harm: number) => Object.entries(openAiCategories({ harm, S1: 0.2, S10: 0.1 }, DEFAULT_POLICY)).filter(([, flagged]) => flagged).map(([key]) => key);
    expect(keysOf(threshold)).toEqual(['violence']);
    expect(keysOf(threshold - 0.01)).toEqual([]);
  });
});

describe('parsePolicyDocument', () => {
  it('takes the default policy as it is', () => {
    expect(parsePolicyDocument(JSON.parse(JSON.stringify(DEFAULT_POLICY)))).toEqual(DEFAULT_POLICY);
  });

  it.each([
    ['a threshold beyond 1', { categories: { S1: { threshold: 1.5 } } }, 'categories.S1.threshold'],
    ['an unknown code', { categories: { S99: { threshold: 0.5 } } }, 'categories.S99'],
    ['an unknown action', { attacks: { attack: { threshold: 0.5, action: 'explode' } } }, 'attacks.attack.action'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['an unknown taxonomy', { taxonomy: 'nope' }, 'taxonomy'],
    ['a missing refusal', { refusals: { S1: 'no' } }, 'refusals.default'],
  ])('refuses %s by name', (_, change, param) => {
    expect(() => parsePolicyDocument({ ...DEFAULT_POLICY, ...change })).toThrow(expect.objectContaining({ param }));
  });

  it('shows every category of the taxonomy', () => {
    const rows = policyCategories(DEFAULT_POLICY);
    expect(rows.filter((row) => /^S\d+$/.test(row.code))).toHaveLength(14);
    expect(rows.find((row) => row.code === 'S1')).toMatchObject({ name: 'Violent Crimes', enabled: true, action: 'block' });
  });
});
