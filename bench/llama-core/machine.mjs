// What the machine can do with THREADS threads: reading memory in one stream each, and matrix products of a prompt's shape in ONNX Runtime.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { seconds, THREADS } from '../engines.mjs';

/** Far beyond any cache. */
const READ_BYTES = 256 * 2 ** 20;
const [ROWS, INNER, COLUMNS] = [512, 2_048, 2_048];
const BLOCK = 32;

/** Bytes a second, the best of some tries: a peak is what the machine can, not what it does under load. */
export async function memoryBandwidth({ quick }) {
  const workers = Array.from({ length: THREADS }, () => new Worker(new URL('memory-reader.mjs', import.meta.url), { workerData: { bytes: READ_BYTES } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const passes = 2;
  let best = 0;
  for (let attempt = 0; attempt < (quick ? 2 : 8); attempt += 1) {
    const done = Promise.all(workers.map((worker) => once(worker, 'message')));
    for (const worker of workers) worker.postMessage(passes);
    const times = (await done).map(([time]) => time);
    const wall = (Math.max(...times.map(({ to }) => to)) - Math.min(...times.map(({ from }) => from))) / 1_000;
    best = Math.max(best, (THREADS * passes * READ_BYTES) / wall);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return best;
}

/** Each product with its right matrix as a weight, so that ONNX Runtime may pack it as it packs a model's; gives back the type of its input. */
const PRODUCTS = {
  'float32 MatMul': async (b) => {
    b.output('y', 'float32', [ROWS, COLUMNS]);
    await b.weight('w', 'float32', [INNER, COLUMNS], [new Float32Array(INNER * COLUMNS).fill(0.5)]);
    b.node('MatMul', 'product', [b.input('x', 'float32', [ROWS, INNER]), 'w'], { outputs: ['y'] });
    return 'float32';
  },
  'int8 MatMulInteger': async (b) => {
    b.output('y', 'int32', [ROWS, COLUMNS]);
    await b.weight('w', 'uint8', [INNER, COLUMNS], [new Uint8Array(INNER * COLUMNS).fill(3)]);
    b.node('MatMulInteger', 'product', [b.input('x', 'uint8', [ROWS, INNER]), 'w'], { outputs: ['y'] });
    return 'uint8';
  },
  'int8 MatMulNBits': (b) => blockProduct(b, 8),
  'int4 MatMulNBits': (b) => blockProduct(b, 4),
};

async function blockProduct(b, bits) {
  b.output('y', 'float32', [ROWS, COLUMNS]);
  const perRow = INNER / BLOCK;
  await b.weight('q', 'uint8', [COLUMNS, perRow, (BLOCK * bits) / 8], [new Uint8Array((COLUMNS * INNER * bits) / 8).fill(0x9a)]);
  await b.weight('s', 'float32', [COLUMNS, perRow], [new Float32Array(COLUMNS * perRow).fill(0.01)]);
  b.node('MatMulNBits', 'product', [b.input('x', 'float32', [ROWS, INNER]), 'q', 's'], { outputs: ['y'], attributes: { K: INNER, N: COLUMNS, bits, block_size: BLOCK, accuracy_level: 4 } });
  return 'float32';
}

const INPUTS = { float32: Float32Array, uint8: Uint8Array };

/** Operations a second (a multiplication and an addition are two) by product, the best of some tries. */
export async function productPeaks({ quick }) {
  const peaks = {};
  for (const [name, build] of Object.entries(PRODUCTS)) peaks[name] = await peakOf(build, quick ? 3 : 20);
  return peaks;
}

async function peakOf(build, attempts) {
  const { GraphBuilder } = await import('../../libs/llama-core/dist/graph/graph-builder.js');
  const { WeightFile } = await import('../../libs/llama-core/dist/graph/weight-file.js');
  const { OrtSession } = await import('../../libs/llama-core/dist/runtime/ort-session.js');
  const { Tensor } = await import('onnxruntime-node');
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const handle = await open(join(folder, 'weights.bin'), 'w');
  const builder = new GraphBuilder(new WeightFile(handle, 'weights.bin'));
  const input = await build(builder);
  await handle.close();
  writeFileSync(join(folder, 'model.onnx'), builder.encode());
  const session = await OrtSession.open(join(folder, 'model.onnx'), { threads: THREADS, spinning: true });
  const x = new Tensor(input, new INPUTS[input](ROWS * INNER).fill(1), [ROWS, INNER]);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt <= attempts; attempt += 1) least = Math.min(least, await seconds(() => session.run({ x }, ['y'])));
  await session.close();
  rmSync(folder, { recursive: true, force: true });
  return (2 * ROWS * INNER * COLUMNS) / least;
}
