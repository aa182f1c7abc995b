import { type Engine, type EngineRequest, LlamaCoreError } from '@sallyport/llama-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChatSession } from './chat-session.js';

let asked: EngineRequest[];
let written: string;
let failure: LlamaCoreError | undefined;
let duringAnswer: () => void;
let session: ChatSession;

/** Answers with the number of the turn. */
const engine: Pick<Engine, 'generate'> = {
  async *generate(request, signal) {
    asked.push(request);
    if (failure) throw failure;
    yield { type: 'text', text: `answer ${asked.length}`, tokens: [] };
    duringAnswer();
    if (signal?.aborted) throw new LlamaCoreError('cancelled', 'x');
    yield { type: 'end', reason: 'stop', promptTokens: 5, cachedTokens: 2, completionTokens: 3, queueMs: 0, inferenceMs: 1_500 };
  },
};

beforeEach(() => {
  [asked, written, failure, duringAnswer] = [[], '', undefined, () => undefined];
  session = new ChatSession({ engine: engine as Engine, settings: { temperature: 0.5 }, system: 'Be brief.', write: (text) => { written += text; } });
});

const say = async (...lines: string[]) => {
  const outcomes = [];
  for (const line of lines) outcomes.push(await session.handle(line));
  return outcomes.at(-1);
};
const contents = () => (asked.at(-1)!.prompt as { messages: Array<{ role: string; content: string }> }).messages.map(({ role, content }) => `${role}: ${content}`);

describe('ChatSession', () => {
  it('carries the conversation on, and a line that goes on', async () => {
    await say('one', 'two\\', 'three');
    expect(contents()).toEqual(['system: Be brief.', 'user: one', 'assistant: answer 1', 'user: two\nthree']);
    expect(asked[1]).toMatchObject({ temperature: 0.5 });
    expect(written).toBe('answer 1\nanswer 2\n');
  });

  it('retries, resets and changes the system message', async () => {
    await say('one', 'two', '/retry');
    expect(contents()).toEqual(['system: Be brief.', 'user: one', 'assistant: answer 1', 'user: two']);
    await say('/reset', 'three');
    expect(contents()).toEqual(['system: Be brief.', 'user: three']);
    await say('/system', 'four');
    expect(contents()).toEqual(['user: four']);
    await say('/system Speak French.', 'five');
    expect(contents()).toEqual(['system: Speak French.', 'user: five']);
  });

  it('sets numbers and tells what is wrong', async () => {
    await say('/set maxTokens 7', '/set seed x', '/set colour 1', '/nope', '/set', 'go');
    expect(asked[0]).toMatchObject({ temperature: 0.5, maxTokens: 7 });
    expect(written).toContain('seed: expected a whole number');
    expect(written).toContain('not colour');
    expect(written).toContain('There is no /nope');
    expect(written).toContain('"maxTokens":7');
  });

  it('tells times, helps and leaves', async () => {
    await say('/stats', 'one', '/stats', '/help');
    expect(written).toContain('No answer yet.');
    expect(written).toContain('5 tokens read (2 from the cache), 3 written in 1.50 s');
    expect(written).toContain('/retry');
    expect(await say('/exit')).toBe('exit');
  });

  it('forgets a turn that failed and keeps one that was stopped', async () => {
    failure = new LlamaCoreError('context_length_exceeded', 'Too long.');
    await say('one');
    expect(written).toContain('! Too long. (context_length_exceeded)');
    failure = undefined;
    duringAnswer = () => { expect(session.stop()).toBe(true); };
    await say('two');
    duringAnswer = () => undefined;
    expect(session.stop()).toBe(false);
    await say('three');
    expect(contents()).toEqual(['system: Be brief.', 'user: two', 'assistant: answer 2', 'user: three']);
  });
});
