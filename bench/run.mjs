// `npm run bench [-- generation|accuracy|gateway|memory]`: ratios against peers in one run; a table on the terminal, JSON in bench/results/.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { bootstrap, root, run } from '../tools/bootstrap.mjs';
import { accuracy } from './accuracy.mjs';
import { gateway } from './gateway-overhead.mjs';
import { generation } from './generation.mjs';
import { memory } from './kv-memory.mjs';

const BENCHES = { generation, accuracy, gateway, memory };
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = wanted.find((name) => !(name in BENCHES));
if (unknown !== undefined || process.argv.includes('--help')) {
  console.log(`Usage: npm run bench [-- ${Object.keys(BENCHES).join('|')} …]\nPeers are installed into bench/peers the first time (about 700 MB).`);
  process.exit(unknown === undefined ? 0 : 2);
}

bootstrap();
const peers = join(root, 'bench', 'peers');
if (!existsSync(join(peers, 'node_modules', 'node-llama-cpp'))) {
  console.log('Installing the peers (node-llama-cpp, autocannon) …');
  if (run('npm', ['ci', '--prefix', peers, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) process.exit(1);
}
if (run(process.execPath, [join(root, 'cli', 'bin', 'sallyport.mjs'), 'models', 'pull']) !== 0) process.exit(1);

const results = { at: new Date().toISOString(), machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`, node: process.version, benches: {} };
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  console.log(`\n> ${name}`);
  const rows = await BENCHES[name]();
  results.benches[name] = rows;
  console.table(rows);
}
const folder = join(root, 'bench', 'results');
mkdirSync(folder, { recursive: true });
const file = join(folder, `${results.at.replaceAll(':', '-')}.json`);
writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
console.log(`\n${file}`);
process.exit(0);
