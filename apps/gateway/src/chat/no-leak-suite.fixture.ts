import { randomUUID } from 'node:crypto';
import type { GenerateEvent } from '@sallyport/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TestGateway } from '../fixtures/test-gateway.fixture.js';

/** What the test guard flags; it comes to the gateway in any number of pieces. */
const VIOLATION = 'slur';

interface Answer {
  before: string;
  after: string;
  /** Sizes of the pieces in which the answer arrives, over and over. */
  pieces: number[];
}

const prose = (maxLength: number) => fc.array(fc.constantFrom('a', 'word', 'sentence', 'Yes.', 'No!\n', '3.14', '。', '👩‍👩‍👧', 'supercalifragilistic', 'e.g.'), { maxLength }).map((words) => words.map((word) => `${word} `).join(''));
const answers: fc.Arbitrary<Answer> = fc.record({ before: prose(200), after: prose(200), pieces: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }) });

/** No chunking of a streamed answer lets its violation, or anything after it, out of the gateway. */
export function itNeverLeaks(gatewayOf: () => TestGateway, numRuns: number): void {
  it('sends no character past a violation, however the answer is cut', async () => {
    await fc.assert(fc.asyncProperty(answers, async ({ before, after, pieces }) => {
      const answer = `${before}${VIOLATION}${after}`;
      const { text, last } = await streamed(gatewayOf(), eventsOf(answer, pieces));
      expect(answer.startsWith(text)).toBe(true);
      expect(text.length).toBeLessThan(before.length + VIOLATION.length);
      expect(last).toMatchObject({ choices: [{ finish_reason: 'content_filter', delta: { refusal: expect.any(String) } }], sallyport: { decision: 'block', withheld: true } });
    }), { numRuns });
  }, 300_000);

  it('sends the whole of an answer without one', async () => {
    await fc.assert(fc.asyncProperty(answers, async ({ before, after, pieces }) => {
      const answer = `${before}fine ${after}`;
      const { text, last } = await streamed(gatewayOf(), eventsOf(answer, pieces));
      expect(text).toBe(answer);
      expect(last).toMatchObject({ sallyport: { decision: 'allow', withheld: false } });
    }), { numRuns });
  }, 300_000);
}

function eventsOf(answer: string, sizes: readonly number[]): GenerateEvent[] {
  const characters = Array.from(answer);
  const events: GenerateEvent[] = [];
  for (let at = 0, turn = 0; at < characters.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    events.push({ type: 'delta', index: 0, channel: 'content', text: characters.slice(at, at + size).join('') });
    at += size;
  }
  return [...events, { type: 'finish', index: 0, reason: 'stop' }, { type: 'usage', promptTokens: 1, completionTokens: events.length, queueMs: 0, inferenceMs: 0 }];
}

/** What a client of a stream sees: its text, and the last frame before `[DONE]`. */
async function streamed(gateway: TestGateway, script: GenerateEvent[]): Promise<{ text: string; last: unknown }> {
  gateway.generator.script = script;
  const body = JSON.stringify({ model: 'fake-llama', stream: true, messages: [{ role: 'user', content: `Say something, ${randomUUID()}.` }] });
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const frames = (await response.text()).split('\n\n').filter((frame) => frame.startsWith('data: ')).map((frame) => frame.slice(6));
  expect(frames.at(-1)).toBe('[DONE]');
  const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame));
  return { text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), last: chunks.at(-1) };
}
