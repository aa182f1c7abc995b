import { DEFAULT_POLICY } from '@sallyport/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DistributedDeployment } from './deployment.fixture.js';
import { freePort } from './free-port.fixture.js';
import { waitUntil } from './service-process.fixture.js';

let deployment: DistributedDeployment;
let gateways: string[];
beforeAll(async () => {
  deployment = await DistributedDeployment.start();
  const ports = await Promise.all([0, 1, 2].map(() => freePort()));
  const others = ports.map((port) => deployment.add('gateway', { PORT: String(port) }));
  gateways = [deployment.url, ...ports.map((port) => `http://127.0.0.1:${port}`)];
  await waitUntil('four gateways', async () => (await Promise.all(gateways.map((url) => fetch(`${url}/health/ready`)))).every((response) => response.ok), { processes: others });
}, 180_000);
afterAll(() => deployment?.close());

const post = async (url: string, path: string, body: object, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};

/** A policy that tells its threshold in its name, so that a verdict shows by which one it was made. */
const versionWith = (threshold: number) => ({ document: { ...DEFAULT_POLICY, name: `t${threshold}`, categories: { harm: { enabled: true, threshold, action: 'block' as const } }, attacks: {}, screens: { guard: ['prompt'], 'prompt-guard': [] } } });

describe('policies of four gateways', () => {
  it('change in all of them under load, and every verdict names one version that was active while it ran', async () => {
    const [first] = gateways as [string, ...string[]];
    for (const threshold of [1, 0, 1, 0]) expect((await post(first, '/v1/policies/moving/versions', versionWith(threshold))).status).toBe(201);
    const activations = [{ version: 1, fromMs: performance.now(), doneMs: performance.now() }];
    const verdicts: Array<{ url: string; version: number; decision: string; startMs: number; endMs: number }> = [];
    let running = true;
    const load = gateways.flatMap((url) => [0, 1].map(async () => {
      while (running) {
        const startMs = performance.now();
        const { status, body } = await post(url, '/v1/moderations', { input: 'The river runs to the sea.', policy: 'moving' });
        expect(status).toBe(200);
        const { policy, decision } = (body['results'] as unknown as Array<{ sallyport: { policy: string; decision: string } }>)[0]!.sallyport;
        verdicts.push({ url, version: Number(/^moving@(\d)$/.exec(policy)![1]), decision, startMs, endMs: performance.now() });
      }
    }));
    for (const version of [2, 3, 4, 3, 2]) {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const fromMs = performance.now();
      const { status } = await post(gateways[version % 4]!, '/v1/policies/moving/activate', { version });
      expect(status).toBe(200);
      activations.push({ version, fromMs, doneMs: performance.now() });
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    running = false;
    await Promise.all(load);

    const wasActive = ({ version, startMs, endMs }: (typeof verdicts)[number]) =>
      activations.some((activation, at) => activation.version === version && activation.fromMs <= endMs && (activations[at + 1]?.doneMs ?? Number.POSITIVE_INFINITY) >= startMs);
    expect(verdicts.filter((verdict) => !wasActive(verdict))).toEqual([]);
    // Odd versions have a threshold that nothing reaches, even ones one that everything does: name and judgement belong together.
    expect(verdicts.filter(({ version, decision }) => decision !== (version % 2 === 1 ? 'allow' : 'block'))).toEqual([]);
    for (const url of gateways) expect(new Set(verdicts.filter((verdict) => verdict.url === url).map(({ version }) => version)).size).toBe(4);
  }, 120_000);

  it('never have two active versions, whichever gateways 100 activations go to', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => post(gateways[at % 4]!, '/v1/policies/moving/activate', { version: (at % 4) + 1 })));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const seen = await Promise.all(gateways.map(async (url) => (await (await fetch(`${url}/v1/policies/moving`)).json()) as { active: number }));
    expect(new Set(seen.map(({ active }) => active)).size).toBe(1);
    const versions = (await (await fetch(`${gateways[0]}/v1/policies/moving/versions?state=active`)).json()) as { data: unknown[] };
    expect(versions.data).toHaveLength(1);
    const { data } = (await (await fetch(`${gateways[1]}/v1/policies/moving/history?limit=500`)).json()) as { data: Array<{ change: string; version: number; previous: number }> };
    const trail = data.filter(({ change }) => change === 'activated').reverse();
    trail.slice(1).forEach((entry, at) => { expect(entry.previous).toBe(trail[at]!.version); });
    expect(trail.at(-1)!.version).toBe(seen[0]!.active);
  });

  it('let one of many conditional activations win', async () => {
    const { headers } = await fetch(`${gateways[0]}/v1/policies/moving`);
    const tag = headers.get('etag')!;
    const active = Number(/@(\d+)"/.exec(tag)![1]);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => post(gateways[at % 4]!, '/v1/policies/moving/activate', { version: (active % 4) + 1 }, { 'if-match': tag })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(39).fill(409)]);
  });
});
