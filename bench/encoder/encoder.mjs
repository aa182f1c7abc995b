// The bundled guard in llama-core against the same weights in transformers (PyTorch) and transformers.js: one short text, and 32 of them, on one thread.
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { graphFolder, importPeer, rounded } from '../engines.mjs';
import { root } from '../../tools/bootstrap.mjs';
import { TEXTS } from './texts.mjs';
import { exportOnnx, torchSpeeds } from './transformers.mjs';

const MODEL = join(root, 'models', 'guard');
const EXPORTED = join(root, 'bench', 'results', 'models', 'guard');
/** Ratios over the faster peer that are wanted. */
const TARGETS = { single: 2, batch: 1.5 };
/** Load average of the last minute from which on a machine is not quiet. */
const BUSY = 1;

async function openOurs() {
  const { createEncoderClassifier } = await import('../../libs/llama-core/dist/index.js');
  const classifier = await createEncoderClassifier({ model: MODEL, quantization: 'int8', threads: 1, cacheFolder: graphFolder });
  return { name: 'llama-core int8', classify: (texts) => classifier.classify(texts.map((text) => ({ text }))), close: () => classifier.close() };
}

/** Undefined where the exported graph or the package is missing. */
async function openTransformersJs(python) {
  if (!existsSync(join(root, 'bench/peers/node_modules/@huggingface/transformers')) || !exportOnnx(python, MODEL, EXPORTED)) return undefined;
  const { env, pipeline } = await importPeer('@huggingface/transformers/dist/transformers.node.mjs');
  Object.assign(env, { allowRemoteModels: false, localModelPath: join(EXPORTED, '..') });
  const classify = await pipeline('text-classification', 'guard', { dtype: 'fp32', session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 } });
  return { name: 'transformers.js, float32', classify: (texts) => classify(texts, { top_k: null }), close: () => classify.dispose() };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds: p50 of one text, median of a batch. Engines take turns, so that a slow minute hits all. */
async function measure(engines, rounds) {
  const times = new Map(engines.map(({ name }) => [name, { single: [], batch: [] }]));
  const timed = async (run) => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  for (const { classify } of engines) await classify(TEXTS);
  for (let round = 0; round < rounds; round++) {
    for (const { name, classify } of engines) {
      for (const text of TEXTS) times.get(name).single.push(await timed(() => classify([text])));
      times.get(name).batch.push(await timed(() => classify(TEXTS)));
    }
  }
  return Object.fromEntries([...times].map(([name, { single, batch }]) => [name, { single: median(single), batch: median(batch) }]));
}

export async function encoder({ python, rounds, quick }) {
  const [load] = loadavg();
  const engines = [await openOurs(), await openTransformersJs(python)].filter((engine) => engine !== undefined);
  const [ours, ...peers] = Object.entries({ ...(await measure(engines, rounds)), ...torchSpeeds(python, MODEL, TEXTS, rounds) });
  for (const engine of engines) await engine.close();
  return ['single', 'batch'].map((what) => {
    const fastest = Math.min(...peers.map(([, speeds]) => speeds[what]));
    const ratio = peers.length === 0 ? undefined : fastest / ours[1][what];
    const met = ratio === undefined || quick || load > BUSY ? 'not judged' : ratio >= TARGETS[what];
    return { case: what === 'single' ? 'one text, p50' : `${TEXTS.length} texts`, ...Object.fromEntries([ours, ...peers].map(([name, speeds]) => [`${name}, ms`, rounded(speeds[what], 2)])), ratio: ratio && rounded(ratio, 2), wanted: TARGETS[what], met };
  });
}
