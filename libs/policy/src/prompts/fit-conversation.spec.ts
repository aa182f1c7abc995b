import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountTokens, fitConversation } from './fit-conversation.js';
import type { GuardMessage } from './guard-turns.js';
import { llamaGuardPrompt } from './llama-guard-prompt.js';
import { LLAMA_GUARD_VERSIONS } from './llama-guard-version.js';

/** Words, and runs of anything between them: like a tokenizer, it joins across the seams of turns. */
const tokensOf = (text: string) => text.match(/\w+|\W+/g)?.length ?? 0;
const countTokens: CountTokens = (parts) => tokensOf(parts.map((part) => part.text).join(''));
const chat = (texts: readonly string[]): GuardMessage[] => texts.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));
const policyTokens = tokensOf(llamaGuardPrompt('llama-guard-3-8b', chat([''])).text);

describe('fitConversation', () => {
  it('changes nothing where everything fits', async () => {
    const messages = chat(['one', 'two', 'three']);
    const fitted = await fitConversation('llama-guard-3-1b', messages, { maxTokens: 5000, countTokens });
    expect(fitted).toMatchObject({ text: llamaGuardPrompt('llama-guard-3-1b', messages).text, dropped: { messages: [], characters: 0 } });
  });

  it('drops the oldest turns, says which, and begins with a user', async () => {
    const messages: GuardMessage[] = [{ role: 'system', content: 'rules' }, ...chat(Array.from({ length: 40 }, (_, i) => `turn ${i} `.repeat(10)))];
    const fitted = await fitConversation('llama-guard-3-8b', messages, { maxTokens: policyTokens + 100, countTokens });
    const kept = messages.length - 1 - fitted.dropped.messages.length;
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(kept % 2).toBe(0);
    expect(fitted.dropped.messages).toEqual(Array.from({ length: 40 - kept }, (_, i) => i + 1));
    expect(fitted.left).toEqual([0]);
    expect(fitted.tokens).toBe(tokensOf(fitted.text));
    expect(fitted.text).toContain('CONVERSATION>\n\nUser: turn ');
    expect(fitted.text).toContain('Agent: turn 39 turn 39');
  });

  it('keeps the end of a judged turn that is too long, and says how much went', async () => {
    const text = Array.from({ length: 3000 }, (_, i) => `w${i}`).join(' ');
    const fitted = await fitConversation('llama-guard-3-8b', chat(['hi', text]), { maxTokens: policyTokens + 50, countTokens });
    expect(fitted.dropped.messages).toEqual([0]);
    expect(fitted.text).toContain('w2999\n\n<END CONVERSATION>');
    expect(fitted.text).toContain(text.slice(fitted.dropped.characters).trim());
    expect(fitted.tokens).toBeLessThanOrEqual(policyTokens + 50);
    expect(fitted.tokens).toBeGreaterThan(policyTokens + 45);
  });

  it('counts little more of a huge turn than fits', async () => {
    let counted = 0;
    const counting: CountTokens = (parts) => {
      const text = parts.map((part) => part.text).join('');
      counted += text.length;
      return tokensOf(text);
    };
    const text = 'word '.repeat(200_000);
    const fitted = await fitConversation('llama-guard-3-8b', chat([text]), { maxTokens: policyTokens + 1000, countTokens: counting });
    expect(fitted.tokens).toBeGreaterThan(policyTokens + 990);
    expect(counted).toBeLessThan(2.5 * text.length);
  });

  it('refuses a context that the policy fills', async () => {
    await expect(fitConversation('llama-guard-1', chat(['hello there']), { maxTokens: 100, countTokens })).rejects.toMatchObject({ code: 'context_length_exceeded', param: 'categories' });
  });

  it('always fits, keeps the judged turn and a suffix of the rest, and could not have kept one pair more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...LLAMA_GUARD_VERSIONS), fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }), fc.nat(300), async (version, lengths, room) => {
        const messages = chat(lengths.map((length, i) => `t${i} ${'word '.repeat(length)}`));
        const maxTokens = tokensOf(llamaGuardPrompt(version, chat(lengths.length % 2 === 1 ? [''] : ['', ''])).text) + 80 + room;
        const fitted = await fitConversation(version, messages, { maxTokens, countTokens });
        expect(fitted.tokens).toBeLessThanOrEqual(maxTokens);
        const gone = fitted.dropped.messages.length;
        expect(fitted.dropped.messages).toEqual(Array.from({ length: gone }, (_, i) => i));
        if (fitted.dropped.characters === 0) expect(fitted.text).toBe(llamaGuardPrompt(version, messages.slice(gone)).text);
        if (gone === 0) return;
        const more = messages.slice(gone % 2 === 0 ? gone - 2 : gone - 1);
        expect(tokensOf(llamaGuardPrompt(version, more).text)).toBeGreaterThan(maxTokens - 12);
      }),
    );
  });
});
