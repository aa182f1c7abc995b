// `npm run load -- million|overhead|online|fairness|all [--lines N] [--ms-per-text N]`: audits under load. Real processes and a real transport; stub classifiers except for `online`.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { bootstrap, root } from '../tools/bootstrap.mjs';
import { ended, lineOf, progress, upload } from '../tools/chaos/audit-client.mjs';
import { openDistributed } from '../tools/chaos/deployments.mjs';
import { stubScreen } from '../tools/chaos/stub-screen.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { lines: { type: 'string' }, 'ms-per-text': { type: 'string', default: '8' }, seconds: { type: 'string', default: '30' } } });
const TOGETHER = 16;
const HOURS = 3_600_000;

/** Opens a deployment for the time of the work. */
async function within(env, work, options) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-load-'));
  const deployment = await openDistributed(folder, env, options);
  const close = () => deployment.close().finally(() => rmSync(folder, { recursive: true, force: true }));
  const interrupted = () => void close().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    return await work(deployment);
  } finally {
    process.off('SIGINT', interrupted);
    await close();
  }
}

function* generated(lines, mark = '') {
  for (let at = 0; at < lines; at += 1) yield lineOf(at, mark);
}

const memory = (pid, field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

/** Highest values while the work runs: memory of the gateway and of Redis, jobs that wait. */
async function watched({ gateway, redis, connections: { redisUrl, prefix } }, work) {
  const [client, peaks] = [new Redis(redisUrl), { redisMb: 0, auditJobs: 0 }];
  const look = async () => {
    peaks.redisMb = Math.max(peaks.redisMb, Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1]) / 2 ** 20);
    const waiting = await Promise.all([client.llen(`${prefix}:audits:wait`), client.llen(`${prefix}:audits:active`), client.zcard(`${prefix}:audits:delayed`)]);
    peaks.auditJobs = Math.max(peaks.auditJobs, waiting.reduce((sum, count) => sum + count, 0));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 250);
  try {
    const result = await work();
    return { ...result, peakRssMb: Math.round(memory(gateway.child.pid, 'VmHWM')), peakRedisMb: Math.round(peaks.redisMb * 10) / 10, redisIsOwn: redis !== undefined, mostAuditJobs: peaks.auditJobs };
  } finally {
    clearInterval(timer);
    client.disconnect();
  }
}

/** A million lines: memory, and lines a second. */
function million() {
  const lines = Number(values.lines ?? 1_000_000);
  return within({}, (deployment) => watched(deployment, async () => {
    const begunAt = performance.now();
    const id = await upload(deployment.url, generated(lines));
    const uploadedAt = performance.now();
    const { done, failed } = await ended(deployment.url, id, { timeoutMs: 3 * HOURS });
    const endedAt = performance.now();
    return { lines, done, failed, uploadS: Math.round((uploadedAt - begunAt) / 100) / 10, screenS: Math.round((endedAt - uploadedAt) / 100) / 10, linesPerS: Math.round(lines / ((endedAt - uploadedAt) / 1_000)), targets: { peakRssMb: 400, peakRedisMb: 200 } };
  }));
}

/** The same classifier in a bare loop in this process: both screens side by side, the next call when one has ended, as many at a time as two services of each kind take. */
async function bareLoop(lines, cost) {
  const screens = [1, 2].map(() => [stubScreen('guard', cost), stubScreen('prompt-guard', cost)]);
  const begunAt = performance.now();
  let next = 0;
  const work = async (pair) => {
    while (next < lines) {
      const first = next;
      next += TOGETHER;
      const subjects = Array.from({ length: Math.min(TOGETHER, lines - first) }, (_, at) => ({ id: String(first + at), direction: 'prompt', text: JSON.parse(lineOf(first + at)).text }));
      await Promise.all(pair.map((screen) => screen.screen({ subjects })));
    }
  };
  await Promise.all([...screens, ...screens].map(work));
  return performance.now() - begunAt;
}

/** Time per line of an audit against the bare loop, with what a text costs the bundled guards and with nothing. */
async function overhead() {
  const rows = [];
  for (const msPerText of [Number(values['ms-per-text']), 0]) {
    const lines = Number(values.lines ?? 4_000);
    rows.push(await within({ STUB_MS_PER_TEXT: String(msPerText) }, async ({ url }) => {
      await ended(url, await upload(url, generated(TOGETHER * 20, ' first')));
      const begunAt = performance.now();
      await ended(url, await upload(url, generated(lines)));
      const auditMs = performance.now() - begunAt;
      const bareMs = await bareLoop(lines, { msPerText });
      return { msPerText, lines, auditMsPerLine: auditMs / lines, bareMsPerLine: bareMs / lines, ratio: auditMs / bareMs };
    }));
  }
  return { rows, target: 1.3 };
}

const quantile = (times, share) => [...times].sort((one, other) => one - other)[Math.min(times.length - 1, Math.floor(times.length * share))];

/** One online request after the other, each of another text. */
async function askOnline(url, seconds, mark) {
  const times = [];
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; await sleep(20)) {
    const begunAt = performance.now();
    const response = await fetch(`${url}/v1/moderations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ input: `What does the ${mark} river number ${times.length} bring to the sea?` }) });
    if (!response.ok) throw new Error(`online: ${response.status}`);
    await response.arrayBuffer();
    times.push(performance.now() - begunAt);
  }
  return { requests: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** Online latency alone and while an audit keeps both guards busy, with the bundled models. */
function online() {
  const seconds = Number(values.seconds);
  return within({ SALLYPORT_THREADS: '1' }, async ({ url }) => {
    await askOnline(url, 3, 'warm');
    const alone = await askOnline(url, seconds, 'quiet');
    const id = await upload(url, generated(Number(values.lines ?? 200_000)));
    while ((await progress(url, id)).done === 0) await sleep(100);
    const loaded = await askOnline(url, seconds, 'busy');
    const audit = await progress(url, id);
    await fetch(`${url}/v1/audits/${id}/cancel`, { method: 'POST' });
    return { alone, loaded, p99Ratio: loaded.p99Ms / alone.p99Ms, auditLinesPerS: audit.rate, target: 2 };
  }, { models: 'bundled' });
}

/** Two tenants, one with a hundred times as much: how long the small one takes, against its time alone. */
function fairness() {
  const [small, large] = [Number(values.lines ?? 500), Number(values.lines ?? 500) * 100];
  const [one, other] = [{ key: 'load-small' }, { key: 'load-large' }];
  return within({ SALLYPORT_API_KEYS: 'load-small,load-large', STUB_MS_PER_TEXT: values['ms-per-text'] }, async ({ url }) => {
    const timed = async (mark) => {
      const begunAt = performance.now();
      await ended(url, await upload(url, generated(small, mark), one), one);
      return performance.now() - begunAt;
    };
    await timed(' first');
    const aloneMs = await timed(' alone');
    const id = await upload(url, generated(large, ' large'), other);
    while ((await progress(url, id, other)).done === 0) await sleep(50);
    const besideMs = await timed(' beside');
    const { done } = await progress(url, id, other);
    return { small, large, aloneMs, besideMs, ratio: besideMs / aloneMs, largeDoneMeanwhile: done, target: 3 };
  });
}

const LOADS = { million, overhead, online, fairness };
const names = positionals.length === 0 || positionals[0] === 'all' ? Object.keys(LOADS) : positionals;
const unknown = names.filter((name) => !(name in LOADS));
if (unknown.length > 0) {
  console.error(`npm run load -- ${Object.keys(LOADS).join('|')}|all, not ${unknown.join(', ')}`);
  process.exit(2);
}
bootstrap();
mkdirSync(join(root, 'bench', 'results'), { recursive: true });
for (const name of names) {
  const before = loadavg()[0];
  const result = { at: new Date().toISOString(), machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`, loadBefore: before, [name]: await LOADS[name](), loadAfter: loadavg()[0] };
  console.log(JSON.stringify(result, null, 1));
  writeFileSync(join(root, 'bench', 'results', `audit-${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
process.exit(0);
