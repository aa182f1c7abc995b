// `npm run bench`: ratios against peers in one run; tables on the terminal, JSON in bench/results/. See README.md here.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { bootstrap, root, run } from '../tools/bootstrap.mjs';
import { encoder } from './encoder/encoder.mjs';
import { gateway } from './gateway-overhead.mjs';
import { memory } from './kv-memory.mjs';
import { llamaCore } from './llama-core/llama-core.mjs';
import { HELP, readOptions } from './options.mjs';

const BENCHES = { 'llama-core': llamaCore, encoder, gateway, memory };

function optionsOrExit() {
  try {
    return readOptions(process.argv.slice(2), Object.keys(BENCHES));
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    return process.exit(2);
  }
}

const options = optionsOrExit();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

bootstrap();
const peers = join(root, 'bench', 'peers');
const names = Object.keys(JSON.parse(readFileSync(join(peers, 'package.json'), 'utf8')).dependencies);
if (!names.every((name) => existsSync(join(peers, 'node_modules', name)))) {
  console.log(`Installing the peers (${names.join(', ')}) …`);
  if (run('npm', ['ci', '--prefix', peers, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    console.error('The peers are missing: let npm reach its registry, then run the command again, or install them with: npm ci --prefix bench/peers --ignore-scripts');
    process.exit(1);
  }
}
// The bench of the encoder takes a bundled model only.
if (options.names.some((name) => name !== 'encoder') && run(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'models', 'pull']) !== 0) process.exit(1);

/** One table, or several under their titles. */
function show(tables) {
  if (Array.isArray(tables)) return console.table(tables);
  for (const [title, rows] of Object.entries(tables)) {
    console.log(`\n${title}`);
    console.table(rows);
  }
}

const { names: benches, ...flags } = options;
const results = { at: new Date().toISOString(), machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`, node: process.version, flags, benches: {} };
const folder = join(root, 'bench', 'results');
const file = join(folder, `${results.at.replaceAll(':', '-')}.json`);
mkdirSync(folder, { recursive: true });
for (const name of benches) {
  console.log(`\n> ${name}`);
  results.benches[name] = await BENCHES[name](flags);
  show(results.benches[name]);
  // After each bench, so that a later one that fails takes nothing along.
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}
console.log(`\n${file}`);
process.exit(0);
