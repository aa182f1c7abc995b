// How much of the machine decode and prefill reach: bytes read per token against the memory's stream, operations per token against matrix products.
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CONTEXT, graphFolder, rounded, THREADS } from '../engines.mjs';
import { memoryBandwidth, productPeaks } from './machine.mjs';
import { sizesOf } from './speeds.mjs';

/** Path and config of the graph that the engine runs. */
export async function graphOf(path, quantization) {
  const { openModel } = await import('../../libs/llama-core/dist/runtime/model-source.js');
  const { graphFileOf } = await import('../../libs/llama-core/dist/runtime/graph-cache.js');
  const source = await openModel(path, graphFolder);
  try {
    return { config: source.config, graph: await graphFileOf(source, graphFolder, { quantization, positions: CONTEXT }) };
  } finally {
    await source.checkpoint.close();
  }
}

/** A decode step reads every weight once; a tied embedding is the head's matrix too. llama.cpp reads its file. */
function bytesPerToken({ config, graph }) {
  const rotation = CONTEXT * config.headDim * 4;
  const embedding = config.tiedEmbeddings ? 0 : config.vocabSize * config.hiddenSize * 4;
  return statSync(join(dirname(graph), 'weights.bin')).size - rotation - embedding;
}

/** Operations of a prompt's matrix products, two per weight and token; the head sees the last token only. Attention is left out. */
function operationsOf({ hiddenSize, intermediateSize, layers, heads, kvHeads, headDim, vocabSize }, tokens) {
  const layer = hiddenSize * headDim * (2 * heads + 2 * kvHeads) + 3 * hiddenSize * intermediateSize;
  return 2 * (layers * layer * tokens + vocabSize * hiddenSize);
}

export async function machineOf(options) {
  console.log('  memory bandwidth and matrix products …');
  return { bandwidth: await memoryBandwidth(options), products: await productPeaks(options) };
}

export const machineRows = ({ bandwidth, products }) => [
  { what: `memory read, ${THREADS} threads`, value: rounded(bandwidth / 1e9, 1), unit: 'GB/s' },
  ...Object.entries(products).map(([what, value]) => ({ what, value: rounded(value / 1e9), unit: 'GFLOP/s' })),
];

/** One row per engine of ours and one for llama.cpp. */
export async function shareRows(file, { path, quantizations }, speeds, { bandwidth, products }, options) {
  const { prefill: tokens } = sizesOf(options);
  const rows = [];
  for (const quantization of quantizations) rows.push({ engine: `llama-core ${quantization}`, ...(await graphOf(path, quantization)) });
  const all = [...rows.map((row) => ({ engine: row.engine, bytes: bytesPerToken(row), operations: operationsOf(row.config, tokens) })), { engine: 'llama.cpp', bytes: statSync(path).size, operations: operationsOf(rows[0].config, tokens) }];
  const percent = (value) => rounded(100 * value, 1);
  return all.map(({ engine, bytes, operations }) => {
    const read = bytes * speeds[engine].decode.median;
    const computed = (operations * speeds[engine].prefill.median) / tokens;
    const share = Object.fromEntries(Object.entries(products).map(([name, peak]) => [`% of ${name}`, percent(computed / peak)]));
    return { file, engine, 'MB per token': rounded(bytes / 1e6), 'decode, GB/s': rounded(read / 1e9, 1), '% of memory read': percent(read / bandwidth), 'prefill, GFLOP/s': rounded(computed / 1e9), ...share };
  });
}
