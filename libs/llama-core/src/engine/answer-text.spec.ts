import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerText } from './answer-text.js';

const utf8 = new TextEncoder();
const TEXT = 'Grüße, 日本 😀 – stop. Ende';

/** Every token is a run of bytes of one text, wherever the borders fall. */
const cuts = fc.uniqueArray(fc.integer({ min: 1, max: utf8.encode(TEXT).length - 1 }), { maxLength: 30 }).map((places) => [0, ...places.sort((a, b) => a - b), utf8.encode(TEXT).length]);

function run(borders: number[], stop: string[], maxTokens = 1_000) {
  const bytes = utf8.encode(TEXT);
  const pieces = borders.slice(1).map((end, i) => bytes.subarray(borders[i], end));
  const answer = new AnswerText({ tokenizer: { bytesOf: (id) => pieces[id]!, isSpecial: () => false }, maxTokens, stop });
  const events = [];
  for (let id = 0; id < pieces.length && !answer.finished; id++) events.push(answer.push({ id, bytes: [...pieces[id]!] }));
  if (!answer.finished) events.push(answer.endOfAnswer());
  return { text: events.map((event) => (event?.type === 'text' ? event.text : '')).join(''), tokens: events.flatMap((event) => (event?.type === 'text' ? event.tokens : [])), reason: answer.finished, pieces };
}

describe('AnswerText', () => {
  it('spells the text and its tokens whatever the token borders', () => {
    fc.assert(
      fc.property(cuts, (borders) => {
        const { text, tokens, reason, pieces } = run(borders, []);
        expect(text).toBe(TEXT);
        expect(tokens.map(({ id }) => id)).toEqual(pieces.map((_, id) => id));
        expect(reason).toBe('stop');
      }),
    );
  });

  it('cuts before the first stop string and gives no token of it, whatever the token borders', () => {
    fc.assert(
      fc.property(cuts, fc.constantFrom('stop', '日本 😀', '–', 'e, 日', 'ß'), (borders, stop) => {
        const { text, tokens, reason } = run(borders, [stop, 'never said']);
        expect(text).toBe(TEXT.slice(0, TEXT.indexOf(stop)));
        expect(reason).toBe('stop');
        // A token may end inside a character of the stop string; whole characters of it never leave.
        expect(text.startsWith(new TextDecoder().decode(Uint8Array.from(tokens.flatMap(({ bytes }) => bytes)), { stream: true }))).toBe(true);
      }),
    );
  });

  it('ends at the most tokens with everything held back', () => {
    fc.assert(
      fc.property(cuts, fc.integer({ min: 1, max: 10 }), (borders, maxTokens) => {
        const { text, tokens, reason } = run(borders, ['Ende of nothing'], maxTokens);
        expect(tokens).toHaveLength(Math.min(maxTokens, borders.length - 1));
        expect(reason).toBe(borders.length - 1 < maxTokens ? 'stop' : 'length');
        expect(text).toBe(new TextDecoder().decode(Uint8Array.from(tokens.flatMap(({ bytes }) => bytes))));
      }),
    );
  });
});
