import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBatches } from './batch-suite.fixture.js';
import { describeChat, STUB } from './chat-suite.fixture.js';
import { DistributedDeployment } from './deployment.fixture.js';
import { waitUntil } from './service-process.fixture.js';

let deployment: DistributedDeployment;
beforeAll(async () => { deployment = await DistributedDeployment.start(); }, 180_000);
afterAll(() => deployment?.close());

describeChat('distributed', () => deployment);
describeBatches('distributed', () => deployment, async () => {
  await deployment.processes.find((process) => process.name === 'gateway' && !process.ended)!.kill('SIGKILL');
  deployment.add('gateway');
  await deployment.ready();
});

const post = (content: string, stream = false) =>
  fetch(`${deployment.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: STUB, stream, messages: [{ role: 'user', content }] }) });

describe('distributed: processes that die', () => {
  it('loses no request when one of two guards is killed in their midst', async () => {
    deployment.upstream.answer = 'The river runs to the sea.';
    const second = deployment.add('guard');
    await waitUntil('the second guard', async () => second.log.includes('guard is ready'), { processes: [second] });
    const answers = Array.from({ length: 60 }, (_, at) => post(`Where does river number ${at} run to?`).then(async (response) => ({ status: response.status, body: await response.text() })));
    setTimeout(() => void second.kill('SIGKILL'), 150);
    const statuses = (await Promise.all(answers)).map(({ status, body }) => (status === 200 && body.includes('The river runs to the sea.') ? 'answered' : `${status} ${body}`));
    expect(statuses).toEqual(Array(60).fill('answered'));
  });

  it('gives 503 and no text while the only guard is dead, and recovers with a new one', async () => {
    deployment.upstream.answer = 'Sekret answer text.';
    const guard = deployment.processes.find((process) => process.name === 'guard' && !process.ended)!;
    await guard.kill('SIGKILL');
    for (const stream of [false, true]) {
      const response = await post('Tell me about rivers in winter.', stream);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'guard_unavailable', type: 'server_error' } });
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(text).not.toContain('Sekret');
    }
    deployment.add('guard');
    await deployment.ready();
    await waitUntil('an answer', async () => (await post('Tell me about rivers in spring.')).status === 200);
  });
});
