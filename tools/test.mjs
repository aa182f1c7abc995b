// `npm test [-- vitest arguments]`: installs, builds, fetches the default generator, runs every test, prints `N passed, N failed` from the report.
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bin, bootstrap, root, run } from './bootstrap.mjs';

const report = join(root, 'reports', 'vitest.json');

/** Whether something listens on a port of this machine. */
const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false)).once('connect', () => done(true)).once('error', () => done(false));
  });

/** Specs say in their names which server they need; without it they are left out, and that is said. */
async function leftOut() {
  const needs = [
    { port: 6379, name: 'Redis', pattern: '**/*.redis.*spec.ts' },
    { port: 5432, name: 'PostgreSQL', pattern: '**/*.pg.*spec.ts' },
  ];
  const missing = [];
  for (const need of needs) if (!(await listens(need.port))) missing.push(need);
  for (const { name, port, pattern } of missing) console.warn(`NOT RUN: ${pattern} (no ${name} on 127.0.0.1:${port}; start one and run npm test again)`);
  const patterns = missing.map(({ pattern }) => pattern);
  if (!existsSync(join(root, 'bench', 'peers', 'node_modules', 'node-llama-cpp'))) {
    console.warn('NOT RUN: **/*.peer.spec.ts (no node-llama-cpp; `npm ci --prefix bench/peers` brings it, then run npm test again)');
    patterns.push('**/*.peer.spec.ts');
  }
  return patterns.flatMap((pattern) => ['--exclude', pattern]);
}

bootstrap();
console.log('Fetching the default generator if it is missing …');
if (run(process.execPath, [join('cli', 'bin', 'sallyport.mjs'), 'models', 'pull', 'smollm2-135m-instruct']) !== 0) process.exit(1);
const args = ['run', ...(await leftOut()), '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)];
const code = run(bin('vitest'), args);
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
// A file that could not even be loaded counts as a failure although no test of it ran; so does a run that failed outside of its tests.
const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((result) => result.status === 'failed')).length;
const failed = numFailedTests + broken;
console.log(`${numPassedTests} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`);
process.exit(code);
