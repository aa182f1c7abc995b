// `npm run distributed`: gateway, guard, prompt-guard and generator as four processes of this machine, against REDIS_URL and DATABASE_URL.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bootstrap, root } from './bootstrap.mjs';

const help = `Usage: npm run distributed [-- --guards N]

Starts the four services as separate processes. Defaults, each overridden by its variable:
  REDIS_URL     redis://127.0.0.1:6379
  DATABASE_URL  postgres://postgres@127.0.0.1:5432/postgres
  PORT          8080
--guards N  number of guard processes and of prompt-guard processes (default 1)`;

if (process.argv.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const guardsAt = process.argv.indexOf('--guards');
const guards = guardsAt < 0 ? 1 : Number(process.argv[guardsAt + 1]);
if (!Number.isInteger(guards) || guards < 1) {
  console.error(`--guards expects a whole number of at least 1, got ${process.argv[guardsAt + 1]}.`);
  process.exit(2);
}

bootstrap();
const env = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'postgres://postgres@127.0.0.1:5432/postgres',
  ...process.env,
  SALLYPORT_MODE: 'distributed',
};
const restartsAllowedPerMinute = 5;
const children = new Set();
let stopping = false;

/** Runs one service; a crash restarts it after a second, too many crashes stop everything. */
function supervise(app, name, restartTimes = []) {
  const child = spawn(process.execPath, [join(root, 'apps', app, 'dist', 'main.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => console.log(`${name.padEnd(14)} ${line}`));
  child.on('exit', (code, signal) => {
    children.delete(child);
    if (stopping) return;
    const recent = restartTimes.filter((at) => Date.now() - at < 60_000);
    if (recent.length >= restartsAllowedPerMinute) {
      console.error(`${name} ended ${recent.length} times within a minute (last: ${signal ?? `exit code ${code}`}); stopping everything.`);
      return stop(1);
    }
    console.error(`${name} ended (${signal ?? `exit code ${code}`}); restarting in 1 s`);
    setTimeout(() => stopping || supervise(app, name, [...recent, Date.now()]), 1000);
  });
}

function stop(code) {
  if (stopping) return;
  stopping = true;
  process.exitCode = code;
  for (const child of children) child.kill('SIGTERM');
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(0));
for (let i = 1; i <= guards; i++) {
  supervise('guard', guards === 1 ? 'guard' : `guard-${i}`);
  supervise('prompt-guard', guards === 1 ? 'prompt-guard' : `prompt-guard-${i}`);
}
supervise('generator', 'generator');
supervise('gateway', 'gateway');
