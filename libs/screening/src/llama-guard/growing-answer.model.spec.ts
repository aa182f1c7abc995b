import type { ScreenScores } from '@sallyport/contracts';
import { loadFolderTokenizer } from '@sallyport/llama-core';
import { llamaGuardPrompt } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { evaluated, openTinyGuard, tinyFolder, type TinyGuard } from './tiny-guard.fixture.js';

const SENTENCES = ['Thank you, that helps. ', 'First you take it home. ', 'When does the train leave? ', 'How do I bake bread? ', 'Write a poem about rain, and sort a list in Python. '];
const question = { role: 'user' as const, text: 'What is the capital of France?' };

let guard: TinyGuard;
afterEach(() => guard.screen.close());
const screenAnswer = async (text: string): Promise<ScreenScores> => (await guard.screen.screen({ subjects: [{ id: 'choices.0.message.content', direction: 'response', text, history: [question] }] })).results[0]!;

/** Checks an answer sentence by sentence, each time from its beginning, as the gateway does for a guard that reads whole answers. */
async function checkGrowing(sentences: readonly string[]): Promise<ScreenScores[]> {
  const results: ScreenScores[] = [];
  for (const at of sentences.keys()) results.push(await screenAnswer(sentences.slice(0, at + 1).join('')));
  return results;
}

describe('an answer of 1,000 tokens that is screened while it grows', () => {
  const sentences = Array.from({ length: 110 }, (_, at) => SENTENCES[at % SENTENCES.length]!);

  it('costs at most 2.5 times its tokens and the suffixes of its checks', async () => {
    guard = await openTinyGuard('llama-guard-4');
    const whole = sentences.join('');
    // The suffix is what the template puts after the conversation.
    const tail = llamaGuardPrompt('llama-guard-4', [{ role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }], { form: 'corrected' }).text.split('<END CONVERSATION>')[1]!;
    const { tokenizer } = await loadFolderTokenizer(tinyFolder('llama-guard-4'));
    const suffixTokens = (await tokenizer.encodeParts([{ text: `<END CONVERSATION>${tail}\n\n`, control: true }])).length;
    guard.takeScored();
    const results = await checkGrowing(sentences);
    const grown = guard.takeScored();
    const total = grown.at(-1)!.promptTokens;
    expect(total).toBeGreaterThan(1_000);
    expect(results.every(({ status }) => status === 'scored')).toBe(true);
    const allowed = 2.5 * (total + suffixTokens * sentences.length);
    expect(evaluated(grown)).toBeLessThanOrEqual(allowed);
    const rescanned = grown.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
    console.info(JSON.stringify({ checks: sentences.length, promptAndAnswerTokens: total, suffixTokens, evaluatedTokens: evaluated(grown), allowedTokens: allowed, rescannedTokens: rescanned }));
    expect(rescanned).toBeGreaterThan(5 * evaluated(grown));
    // Streamed and whole, the last check says the same.
    const alone = await openTinyGuard('llama-guard-4', { prefixCacheBytes: 0 });
    const { scores } = (await alone.screen.screen({ subjects: [{ id: 'whole', direction: 'response', text: whole, history: [question] }] })).results[0]!;
    for (const [label, score] of Object.entries(scores)) expect(Math.abs(results.at(-1)!.scores[label]! - score)).toBeLessThan(1e-4);
    await alone.screen.close();
  });
});
