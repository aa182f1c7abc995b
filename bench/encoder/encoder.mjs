// The bundled guard in llama-core against the same weights in transformers (PyTorch) and transformers.js, in turns: one text, and a batch of 32.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../tools/bootstrap.mjs';
import { median, rounded } from '../engines.mjs';
import { order } from '../llama-core/speeds.mjs';
import { lackOf, runPython } from '../python.mjs';
import { openEngine } from './engine-process.mjs';
import { agreementRows, SAME, scoresOf } from './agreement.mjs';
import { BATCH, SINGLE } from './texts.mjs';

const MODULES = ['torch', 'transformers', 'safetensors', 'onnx', 'onnxscript', 'onnxruntime'];
/** Load average of the last minute from which on a machine is not quiet. */
const BUSY = 1;
/** A phase ends after the round in which it has taken so long, so that the whole stays under two minutes. */
const PHASE_MS = 35_000;

/** Requests of a round, by number of cores. `wanted`: ratio over the faster peer. */
const CASES = [
  { threads: 1, title: 'one text, 1 core', wanted: 2, requests: SINGLE.map((text) => ({ texts: [text], calls: 5 })) },
  { threads: 1, title: `${BATCH.length} texts, 1 core`, wanted: 1.5, requests: [{ texts: BATCH, calls: 1 }] },
  { threads: 2, title: `${BATCH.length} texts, 2 cores`, wanted: 1.5, requests: [{ texts: BATCH, calls: 1 }] },
];

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = (options) => options.python ?? 'python3';

/** Three processes with five engines; the first is ours, the second what answers are compared with. */
async function openAll(options, folder, threads) {
  const script = [python(options), fileOf('transformers_encoder.py'), 'serve', join(root, 'models', 'guard'), folder, String(threads)];
  const node = (engine) => [process.execPath, fileOf('serve.mjs'), engine, String(threads), folder];
  const processes = [await openEngine(node('llama-core'), threads), await openEngine(script, threads), await openEngine(node('transformers.js'), threads)];
  const variants = [['as the apps run it'], ['float32', 'int8'], ['fp32', 'q8']];
  const engines = processes.flatMap(({ versions, ask }, at) => variants[at].map((variant) => ({ name: `${versions}, ${variant}`, ask: (request) => ask({ variant, ...request }) })));
  return { engines, close: () => Promise.all(processes.map(({ close }) => close())) };
}

/** Times in ms by engine, per case: every round asks every engine for everything. */
async function measure(engines, cases, rounds) {
  const times = cases.map(() => engines.map(() => []));
  const until = performance.now() + PHASE_MS;
  for (const { ask } of engines) for (const { requests } of cases) for (const request of requests) await ask({ ...request, calls: 1 });
  for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round += 1)
    for (const [at, { requests }] of cases.entries())
      for (const number of order(engines.length, round))
        for (const request of requests) times[at][number].push(...(await engines[number].ask(request)).ms);
  return times;
}

/** The ratio counts against the faster of those peers that give the same answers. */
function ratioRow({ title, wanted }, engines, times, { same, verdict }) {
  const [ours, ...peers] = times.map(median);
  const faster = (allowed) => Math.min(...peers.filter((_, at) => allowed(at + 1)));
  const ratio = faster((at) => same[at]) / ours;
  const [name] = engines.slice(1).filter((_, at) => peers[at] === faster((number) => same[number])).map((engine) => engine.name);
  return { case: title, 'llama-core, ms': rounded(ours, 2), 'faster peer': name, 'its ms': rounded(ratio * ours, 2), ratio: rounded(ratio, 2), wanted, met: verdict(ratio >= wanted), 'ratio with inexact peers': rounded(faster(() => true) / ours, 2) };
}

const timeRows = ({ title }, engines, times) =>
  engines.map(({ name }, at) => ({ case: title, engine: name, 'p50, ms': rounded(median(times[at]), 2), 'least, ms': rounded(Math.min(...times[at]), 2), 'most, ms': rounded(Math.max(...times[at]), 2), calls: times[at].length }));

async function phase(threads, options, { folder, verdict }) {
  console.log(`  ${threads === 1 ? '1 core' : `${threads} cores`} …`);
  const { engines, close } = await openAll(options, folder, threads);
  const agreement = agreementRows(engines, await scoresOf(engines, BATCH));
  const same = agreement.map((row) => row.same);
  if (!same[0]) throw new Error(`llama-core's logits differ from those of the same weights in PyTorch by ${agreement[0]['largest difference']}, more than ${SAME}: a comparison of speeds would say nothing.`);
  const cases = CASES.filter((one) => one.threads === threads);
  const times = await measure(engines, cases, options.rounds);
  await close();
  return { agreement, times: cases.flatMap((one, at) => timeRows(one, engines, times[at])), ratios: cases.map((one, at) => ratioRow(one, engines, times[at], { same, verdict })) };
}

export async function encoder(options) {
  const lack = lackOf(python(options), MODULES);
  if (lack) {
    console.log(`  skipped: ${lack}; pip install -r bench/encoder/requirements.txt, and name that Python with --python PATH.`);
    return [{ engine: 'transformers', skipped: lack }];
  }
  const [load] = loadavg();
  if (load > BUSY) console.log(`  The machine is busy (load ${load.toFixed(1)}): do not trust the ratios of this run.`);
  const verdict = (met) => (options.quick || load > BUSY ? 'not judged' : met);
  const temporary = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const folder = join(temporary, 'guard');
    console.log('  the same weights as ONNX …');
    runPython(python(options), fileOf('transformers_encoder.py'), ['export', join(root, 'models', 'guard'), folder]);
    const [one, two] = [await phase(1, options, { folder, verdict }), await phase(2, options, { folder, verdict })];
    return { 'Largest difference of a logit from PyTorch, float32': one.agreement, 'Times': [...one.times, ...two.times], [`Ratios, load average before the run ${load.toFixed(1)}`]: [...one.ratios, ...two.ratios] };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
