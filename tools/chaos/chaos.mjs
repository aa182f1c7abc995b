// `npm run chaos [-- --lines 20000 --seconds 60 --mode distributed|embedded|both --seed 1 --poison]`: an audit while its processes are killed at random; afterwards
// every line must have exactly one result, that of an undisturbed run. Real processes and a real transport; the classifiers are stubs, so that results can be compared.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bootstrap, root } from '../bootstrap.mjs';
import { differences, ended, lineOf, progress, results, upload } from './audit-client.mjs';
import { openDistributed, openEmbedded } from './deployments.mjs';

const { values } = parseArgs({ options: { lines: { type: 'string', default: '20000' }, seconds: { type: 'string', default: '60' }, mode: { type: 'string', default: 'both' }, seed: { type: 'string', default: '1' }, poison: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
if (values.help) {
  console.log('npm run chaos -- [--lines 20000] [--seconds 60] [--mode distributed|embedded|both] [--seed 1] [--poison]');
  process.exit(0);
}
bootstrap();
const [lines, seconds] = [Number(values.lines), Number(values.seconds)];
const TEXTS_PER_CALL = 16;

/** The same kills for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Kills until the time is over, and at least until every kind of victim was killed; gives what was killed how often. */
async function disturb({ victims, pause }, random) {
  const killed = {};
  const kinds = Object.keys(victims);
  for (const end = Date.now() + seconds * 1_000; Date.now() < end || kinds.some((kind) => !killed[kind]); ) {
    await sleep(pause.least + random() * pause.more);
    const unseen = kinds.filter((kind) => !killed[kind]);
    const kind = (Date.now() < end ? undefined : unseen[0]) ?? kinds[Math.floor(random() * kinds.length)];
    await victims[kind]();
    killed[kind] = (killed[kind] ?? 0) + 1;
  }
  return killed;
}

/** One audit in peace, the same in chaos, compared. */
async function chaos(mode, open) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-chaos-'));
  const rows = Array.from({ length: lines }, (_, at) => lineOf(at));
  // So slow that the audit lasts about as long as the kills go on, were there none.
  const msPerCall = Math.ceil((seconds * 1_000) / (lines / TEXTS_PER_CALL));
  const deployment = await open(folder, { STUB_MS_PER_CALL: String(msPerCall) });
  try {
    const quiet = await upload(deployment.url, rows);
    await ended(deployment.url, quiet);
    const expected = await results(deployment.url, quiet);
    const id = await upload(deployment.url, rows);
    const killed = await disturb(deployment, randomFrom(Number(values.seed)));
    const atEnd = await progress(deployment.url, id);
    const { status, total, done, failed } = await ended(deployment.url, id);
    const found = differences(expected, await results(deployment.url, id));
    const poison = values.poison ? await poisoned(deployment.url) : undefined;
    const ok = status === 'completed' && total === lines && done === lines && failed === 0 && found.found === lines && found.distinct === lines && found.wrong === 0 && poison?.ok !== false;
    return { mode, ok, seed: Number(values.seed), msPerCall, killed, doneWhenKillsEnded: atEnd.done, status, total, done, failed, ...found, ...(poison ? { poison } : {}) };
  } catch (error) {
    throw new Error(`${error.message}\n${deployment.logs()}`);
  } finally {
    await deployment.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line that kills its classifier and one that never gets a verdict, among 198 others. */
async function poisoned(url) {
  const id = await upload(url, Array.from({ length: 200 }, (_, at) => lineOf(at, at === 77 ? ' CHAOS-KILL' : at === 150 ? ' CHAOS-FAIL' : '')));
  const startedAt = Date.now();
  const { failed } = await ended(url, id);
  const rows = await results(url, id);
  const errors = rows.filter(({ error }) => error).map(({ line, error }) => [line, error.code]);
  return { ok: rows.length === 200 && failed === 2 && JSON.stringify(errors) === '[[78,"check_failed"],[151,"check_failed"]]', seconds: Math.round((Date.now() - startedAt) / 1_000), errors };
}

const OPEN = { distributed: openDistributed, embedded: openEmbedded };
const modes = values.mode === 'both' ? Object.keys(OPEN) : [values.mode];
const report = [];
for (const mode of modes) {
  report.push(await chaos(mode, OPEN[mode]));
  console.log(JSON.stringify(report.at(-1)));
}
mkdirSync(join(root, 'reports'), { recursive: true });
writeFileSync(join(root, 'reports', 'chaos.json'), `${JSON.stringify(report, null, 1)}\n`);
process.exit(report.every(({ ok }) => ok) ? 0 : 1);
