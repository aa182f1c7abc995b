// What one more sequence costs: keys and values by the runner's own account, and the memory of the whole process.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { join } from 'node:path';
import { root } from '../tools/bootstrap.mjs';
import { MAX_SEQUENCES, modelPath, THREADS } from './engines.mjs';

const TOKENS = 900;
const MIB = 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

async function residentMib() {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss / MIB;
}

/** Slope of the least-squares line through (count, value). */
function perSequence(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([count]) => count)), mean(points.map(([, value]) => value))];
  return points.reduce((sum, [count, value]) => sum + (count - x) * (value - y), 0) / points.reduce((sum, [count]) => sum + (count - x) ** 2, 0);
}

export async function memory() {
  const { loadDecoder } = await import('../libs/llama-core/dist/runtime/load-model.js');
  const { runner } = await loadDecoder({ path: modelPath, quantization: 'int8', threads: THREADS, contextTokens: 1_024, cacheFolder: join(root, '.sallyport', 'graphs') });
  const ids = Array.from({ length: TOKENS }, (_, i) => 1_000 + ((i * 37) % 20_000));
  const kvMib = (TOKENS * runner.kvBytesPerToken) / MIB;
  const held = [];
  const resident = [];
  // The first sequence also grows the arena that every run needs.
  for (let id = 1; id <= MAX_SEQUENCES; id++) {
    await runner.prefill(id, ids, 'none');
    held.push([id, runner.heldBytes / MIB]);
    resident.push([id, await residentMib()]);
  }
  const decoded = [];
  for (const count of [1, 2, 4, MAX_SEQUENCES]) {
    for (let step = 0; step < 3; step++) await runner.decode(Array.from({ length: count }, (_, i) => ({ id: i + 1, token: 1_000 })));
    decoded.push([count, await residentMib()]);
  }
  await runner.close();
  const row = (what, mib) => ({ what, 'MiB per sequence': Number(mib.toFixed(1)), 'of its keys and values': Number((mib / kvMib).toFixed(2)) });
  return [
    row(`keys and values of ${TOKENS} tokens`, kvMib),
    row("runner's account", perSequence(held)),
    row('process, sequences at rest', perSequence(resident.slice(1))),
    row('process, decoding side by side', perSequence(decoded)),
  ];
}
