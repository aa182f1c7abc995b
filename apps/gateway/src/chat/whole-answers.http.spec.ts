import type { GenerateEvent } from '@sallyport/contracts';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { say } from '../fixtures/fake-services.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

const PARAGRAPHS = Array.from({ length: 12 }, (_, at) => `Paragraph number ${at} says nothing of note. `.repeat(8));

describe('a streamed answer of 4,000 characters before a guard that reads whole answers', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); });
  afterAll(() => gateway.close());

  /** Says the next paragraph once the last one is being checked, so that there is a check for each. */
  async function* paragraphs(): AsyncGenerator<GenerateEvent> {
    for (const paragraph of PARAGRAPHS) {
      yield* say(paragraph).filter(({ type }) => type === 'delta');
      await vi.waitFor(() => expect(gateway.guard.texts.some((text) => text.includes(paragraph.trimEnd()))).toBe(true), 30_000);
    }
    yield* say('The end.');
  }

  it('is checked from its beginning each time', async () => {
    gateway.guard.reads = 'whole';
    gateway.generator.script = paragraphs;
    await request(gateway.url).post('/v1/chat/completions').send({ model: 'fake-llama', messages: [{ role: 'user', content: 'Count.' }], stream: true }).expect(200);
    const texts = gateway.guard.requests.flatMap(({ subjects }) => subjects).filter(({ direction }) => direction === 'response').map(({ text }) => text);
    const whole = `${PARAGRAPHS.join('')}The end.`;
    expect(texts.at(-1)).toBe(whole);
    expect(texts.length).toBeGreaterThan(PARAGRAPHS.length);
    expect(texts.filter((text) => !whole.startsWith(text))).toEqual([]);
  });
});
