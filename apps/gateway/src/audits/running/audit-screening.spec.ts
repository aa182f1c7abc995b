import { DEFAULT_POLICY } from '@sallyport/policy';
import { expect, it } from 'vitest';
import { fakeGuard, fakePromptGuard } from '../../fixtures/fake-services.fixture.js';
import { defaultSettings } from '../../gateway-options.js';
import { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { ScreeningService } from '../../screening/screening.service.js';
import { screenChunk } from './audit-screening.js';

const policy = { id: 'default', version: 1, document: DEFAULT_POLICY };
const LINES = 400;
const TOGETHER = 16;

it('leaves online requests their turn also where every verdict is remembered and nothing is waited for', async () => {
  const guard = fakeGuard();
  const screening = new ScreeningService(guard, fakePromptGuard(), defaultSettings(), new GatewayMetrics());
  const chunk = { firstLine: 1, lines: Array.from({ length: LINES }, (_, at) => JSON.stringify({ text: `text ${at % 10}` })) };
  const screen = () => screenChunk(screening, { chunk, policy, deadlineMs: 60_000, signal: new AbortController().signal });
  await screen();
  const asked = guard.requests.length;
  let [turns, running] = [0, true];
  const count = () => {
    turns += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const { results } = await screen();
  running = false;
  expect(results).toHaveLength(LINES);
  expect(guard.requests.length).toBe(asked);
  expect(turns).toBeGreaterThanOrEqual(LINES / TOGETHER);
});
