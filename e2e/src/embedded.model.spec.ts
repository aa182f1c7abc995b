import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBatches } from './batch-suite.fixture.js';
import { describeChat } from './chat-suite.fixture.js';
import { EmbeddedDeployment } from './deployment.fixture.js';
import { root, waitUntil } from './service-process.fixture.js';

let deployment: EmbeddedDeployment;
beforeAll(async () => { deployment = await EmbeddedDeployment.start(); }, 180_000);
afterAll(() => deployment?.close());

describeChat('embedded', () => deployment);
describeBatches('embedded', () => deployment, async () => {
  await deployment.process.kill('SIGKILL');
  await deployment.restart();
});

const EXAMPLES = ['Sign up at LuckySpin today and get 200 free spins on your first deposit!', 'Bet on tonight\'s match with our bonus code and double your stake.', 'Our online casino pays out faster than any other, join now.', 'Try your luck at our poker tables and win big this weekend.', 'Get a 100% welcome bonus when you register at our sportsbook.'];

describe('embedded: a category defined over REST', () => {
  const send = async (path: string, body: unknown) => {
    const response = await fetch(`${deployment.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as { version: number; results: Array<{ flagged: boolean; sallyport: { decision: string; policy: string } }> } };
  };

  it('flags unseen texts of its kind, names its version, and leaves others alone', async () => {
    const { document } = (await (await fetch(`${deployment.url}/v1/policies/default`)).json()) as { document: object };
    const customCategories = [{ code: 'gambling', name: 'Gambling promotion', description: 'Invites people to gamble.', examples: { positive: EXAMPLES, negative: [] }, enabled: true, threshold: 0.5, action: 'block' }];
    const created = await send('/v1/policies/house/versions', { document: { ...document, name: 'House rules', customCategories } });
    expect(created).toMatchObject({ status: 201, body: { version: 1 } });
    expect((await send('/v1/policies/house/activate', { version: 1 })).status).toBe(200);
    const { results } = (await send('/v1/moderations', { policy: 'house', input: ['Download the betting app and get 50 euros in free bets.', 'Win the jackpot tonight at MegaCasino.', 'The museum opens at ten on Sundays.', 'He plays the violin in an orchestra.'] })).body;
    expect(results.map((result) => [result.flagged, result.sallyport.decision])).toEqual([[true, 'block'], [true, 'block'], [false, 'allow'], [false, 'allow']]);
    expect(results[0]!.sallyport.policy).toBe('house@1');
  });
});

const ROWS = 2_000;
const authored = ['benign', 'harmful', 'attacks'].flatMap((name) => readFileSync(join(root, 'training/authored', `${name}.jsonl`), 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { text?: string }).text ?? ''));

/** Rows of one to eight sentences; every 97th is unreadable. */
const auditRows = Array.from({ length: ROWS }, (_, at) => {
  if (at % 97 === 96) return '{"text": 7}';
  const texts = Array.from({ length: 1 + (at % 8) }, (_unused, i) => authored[(at * 13 + i * 7) % authored.length]);
  return JSON.stringify({ id: `row-${at}`, text: texts.join(' ') });
});

describe('embedded: an audit', () => {
  const get = async (path: string) => (await fetch(`${deployment.url}${path}`)).json() as Promise<{ status: string; done: number; total: number; failed: number; flagged: number }>;

  it('of 2,000 rows survives kill -9 halfway: every line has exactly one result', async () => {
    const created = await fetch(`${deployment.url}/v1/audits`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: `${auditRows.join('\n')}\n` });
    expect(created.status).toBe(202);
    const { id } = (await created.json()) as { id: string };
    await waitUntil('half of the audit', async () => (await get(`/v1/audits/${id}`)).done >= ROWS / 2, { processes: [deployment.process], timeoutMs: 300_000 });
    await deployment.process.kill('SIGKILL');
    await deployment.restart();
    const resumed = await get(`/v1/audits/${id}`);
    expect(resumed.done).toBeGreaterThanOrEqual(ROWS / 2);
    await waitUntil('the end of the audit', async () => (await get(`/v1/audits/${id}`)).status === 'completed', { processes: [deployment.process], timeoutMs: 300_000 });
    const lines = (await (await fetch(`${deployment.url}/v1/audits/${id}/results`)).text()).trim().split('\n').map((line) => JSON.parse(line) as { line: number; id?: string; decision?: string; error?: { code: string; param: string } });
    expect(lines.map((result) => result.line)).toEqual(Array.from({ length: ROWS }, (_, at) => at + 1));
    expect(lines.every((result, at) => (at % 97 === 96 ? result.error?.param === 'text' : result.id === `row-${at}` && result.decision !== undefined))).toBe(true);
    expect(await get(`/v1/audits/${id}`)).toMatchObject({ total: ROWS, done: ROWS, failed: Math.floor(ROWS / 97) });
  }, 900_000);
});
