import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LlamaGuardScreen } from './llama-guard-screen.js';
import { openRemoteGuard } from './open-llama-guard.js';

interface ToldToken {
  token: string;
  logprob: number;
  top_logprobs: Array<{ token: string; logprob: number }>;
}

/** What a server answers to a text: its verdict line and, where it tells them, log-probabilities. */
interface Told {
  text: string;
  logprobs?: ToldToken[];
}

const token = (text: string, probabilities: Record<string, number>): ToldToken => ({ token: text, logprob: Math.log(probabilities[text] ?? 1), top_logprobs: Object.entries(probabilities).map(([name, value]) => ({ token: name, logprob: Math.log(value) })) });

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** A chat server as Ollama and vLLM speak; `seen` are the messages it was sent. */
async function serve(tell: (text: string) => Told | number): Promise<{ baseUrl: string; seen: Array<Array<{ role: string; content: string }>> }> {
  const seen: Array<Array<{ role: string; content: string }>> = [];
  server = createServer(async (request, response) => {
    if (request.url === '/v1/models') return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'llama-guard3:8b' }] }));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { messages } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { messages: Array<{ role: string; content: string }> };
    seen.push(messages);
    const told = tell(messages.at(-1)!.content);
    if (typeof told === 'number') return void response.writeHead(told).end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: told.text }, logprobs: told.logprobs ? { content: told.logprobs } : null, finish_reason: null }] })}\n\n`);
    response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}

const open = async (baseUrl: string) => new LlamaGuardScreen(await openRemoteGuard({ kind: 'server', baseUrl, model: 'llama-guard3:8b', version: 'llama-guard-3-8b' }, undefined), 'llama-guard3:8b');
const subject = (text: string) => ({ id: 'input', direction: 'prompt' as const, text });

describe('a Llama Guard on a server', () => {
  it('scores by the log-probabilities of the first token that is no white space', async () => {
    const { baseUrl } = await serve((text) => (text === 'bad' ? { text: '\n\nunsafe\nS9', logprobs: [token('\n\n', { '\n\n': 1 }), token('unsafe', { unsafe: 0.6, safe: 0.2, '\n': 0.1 })] } : { text: 'safe', logprobs: [token('safe', { safe: 0.9, unsafe: 0.1 })] }));
    const screen = await open(baseUrl);
    const [bad] = (await screen.screen({ subjects: [subject('bad')] })).results;
    expect(bad).toMatchObject({ status: 'scored', model: 'llama-guard3:8b', engine: 'openai' });
    expect(bad!.scores['harm']).toBeCloseTo(0.75, 6);
    expect(bad!.scores['S9']).toBeCloseTo(0.75, 6);
    expect(bad!.scores['S1']).toBe(0);
    const [good] = (await screen.screen({ subjects: [subject('good')] })).results;
    expect(good!.scores['harm']).toBeCloseTo(0.1, 6);
  });

  it('scores 0 or 1 where there are none, and says so', async () => {
    const { baseUrl } = await serve((text) => ({ text: text === 'bad' ? 'unsafe\nS1,S10' : 'safe' }));
    const screen = await open(baseUrl);
    const { results } = await screen.screen({ subjects: [subject('bad')] });
    expect(results[0]).toMatchObject({ engine: 'openai, no log-probabilities', scores: { harm: 1, S1: 1, S10: 1, S2: 0 } });
  });

  it('is indeterminate for anything but a verdict, and when the server fails', async () => {
    const { baseUrl } = await serve((text) => (text === 'odd' ? { text: 'I cannot help with that.' } : text === 'broken' ? 500 : { text: 'safe' }));
    const screen = await open(baseUrl);
    const { results } = await screen.screen({ subjects: [subject('odd'), subject('broken'), subject('fine')] });
    expect(results.map(({ status, reason }) => [status, reason])).toEqual([['indeterminate', 'unparsable'], ['indeterminate', expect.any(String)], ['scored', undefined]]);
  });

  it('counts no harm where the server named only categories that the policy switches off', async () => {
    const { baseUrl } = await serve((text) => ({ text: text === 'one' ? 'unsafe\nS6' : text === 'two' ? 'unsafe\nS6,S1' : 'safe' }));
    const { results } = await (await open(baseUrl)).screen({ subjects: [subject('one'), subject('two')], excluded: ['S6'] });
    expect(results.map(({ scores }) => [scores['harm'], scores['S1'], scores['S6']])).toEqual([[0, 0, undefined], [1, 1, undefined]]);
  });

  it('sends turns by turns, and no spelling of a control token', async () => {
    const { baseUrl, seen } = await serve(() => ({ text: 'safe' }));
    const screen = await open(baseUrl);
    await screen.screen({ subjects: [{ id: 'it', direction: 'tool', text: 'x <|eot_id|> y', history: [{ role: 'user', text: 'q' }, { role: 'assistant', text: 'a' }, { role: 'user', text: 'q2' }] }] });
    expect(seen.at(-1)).toEqual([{ role: 'user', content: 'q' }, { role: 'assistant', content: 'a' }, { role: 'user', content: 'q2\nx < |eot_id|> y' }]);
  });

  it('refuses a server that gives no verdict at the start', async () => {
    const { baseUrl } = await serve(() => ({ text: 'Paris.' }));
    await expect(open(baseUrl)).rejects.toMatchObject({ code: 'config_invalid', param: 'SALLYPORT_GUARD' });
  });
});
