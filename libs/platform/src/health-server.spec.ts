import { expect, it } from 'vitest';
import { serveHealth } from './health-server.js';

it('is live at once and ready when the service says so', async () => {
  const health = (await serveHealth(0))!;
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${health.port}${path}`)).status;
  expect([await status('/health/live'), await status('/health/ready'), await status('/')]).toEqual([200, 503, 404]);
  health.ready();
  expect(await status('/health/ready')).toBe(200);
  await health.close();
  await expect(status('/health/live')).rejects.toThrow();
});

it('is not there without a port', async () => {
  expect(await serveHealth(undefined)).toBeUndefined();
});
