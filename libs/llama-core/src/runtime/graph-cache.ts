import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterBank } from '../adapters/adapter-bank.js';
import { LlamaCoreError } from '../errors.js';
import { AdapterBranches } from '../graph/adapter-branches.js';
import { DecoderGraph } from '../graph/decoder-graph.js';
import { BertGraph } from '../graph/encoder/bert-graph.js';
import { DebertaGraph } from '../graph/encoder/deberta-graph.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { Llama4Graph } from '../graph/llama4/llama4-graph.js';
import type { Quantization, QuantizationTuning } from '../graph/quantization.js';
import { WeightFile } from '../graph/weight-file.js';
import type { ModelSource } from './model-source.js';

/** Raised whenever the graphs change, so that older cached ones are not used. */
const GRAPH_VERSION = 13;
const [GRAPH, WEIGHTS, SEAL] = ['model.onnx', 'weights.bin', 'complete.json'];

export interface GraphOptions {
  quantization: Quantization;
  /** Longest sequence that the graph will see. */
  positions: number;
  tuning?: QuantizationTuning | undefined;
  /** A classifier in 8 bits row by row; see `LinearOptions`. */
  rowProducts?: boolean;
  /** Switchable adapters, and their hashes in the bank's order. */
  adapters?: { bank: AdapterBank; sha256: readonly string[] } | undefined;
}

/** Where graphs are kept: the folder given, or a temporary one. */
export const cacheRootOf = (folder: string | undefined): string => folder ?? join(tmpdir(), 'sallyport-graphs');

/** Path of the ready graph of a model, built at most once per content and options. */
export async function graphFileOf(source: ModelSource, root: string, options: GraphOptions): Promise<string> {
  const folder = join(root, keyOf(source, options));
  if (!(await isComplete(folder))) await buildInto(root, folder, source, options);
  return join(folder, GRAPH);
}

function keyOf(source: ModelSource, { quantization, positions, tuning = {}, rowProducts = false, adapters }: GraphOptions): string {
  const { blockSize = null, zeroPoints = null, scaleSearch = null, exact = [] } = quantization === 'none' ? {} : tuning;
  const parts = [GRAPH_VERSION, source.sha256, quantization, positions, [blockSize, zeroPoints, scaleSearch, [...exact].sort()], rowProducts, adapters?.sha256 ?? []];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The seal names the sizes, so that a graph cut short by a full disk is built again. */
async function isComplete(folder: string): Promise<boolean> {
  try {
    const sizes = JSON.parse(await readFile(join(folder, SEAL), 'utf8')) as Record<string, number>;
    for (const name of [GRAPH, WEIGHTS]) if ((await stat(join(folder, name))).size !== sizes[name]) return false;
    return true;
  } catch {
    return false;
  }
}

/** Builds beside the final place and moves the folder there as a whole; of two builders the later one wins nothing and loses nothing. */
async function buildInto(root: string, folder: string, source: ModelSource, options: GraphOptions): Promise<void> {
  await mkdir(root, { recursive: true });
  const temporary = await mkdtemp(join(root, 'building-'));
  try {
    await writeGraph(temporary, source, options);
    if (await isComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder).catch(async (error) => {
      if (!(await isComplete(folder))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function writeGraph(folder: string, source: ModelSource, options: GraphOptions): Promise<void> {
  const file = await open(join(folder, WEIGHTS), 'w');
  try {
    const weights = new WeightFile(file, WEIGHTS);
    await writeFile(join(folder, GRAPH), await graphOf(new GraphBuilder(weights), source, options));
    await weights.finish();
    refuseUnused([...source.checkpoint.unusedDeltas, ...(options.adapters?.bank.unused ?? [])]);
  } finally {
    await file.close();
  }
  const sizes = Object.fromEntries(await Promise.all([GRAPH, WEIGHTS].map(async (name) => [name, (await stat(join(folder, name))).size])));
  await writeFile(join(folder, SEAL), JSON.stringify(sizes));
}

function graphOf(builder: GraphBuilder, { config, checkpoint }: ModelSource, { adapters, ...options }: GraphOptions): Promise<Uint8Array> {
  if (config.kind === 'encoder') return config.family === 'bert' ? new BertGraph(builder, checkpoint, config, options).build() : new DebertaGraph(builder, checkpoint, config, options).build();
  const { llama4 } = config;
  const withAdapters = { ...options, adapters: adapters && new AdapterBranches(builder, adapters.bank) };
  return llama4 ? new Llama4Graph(builder, checkpoint, { ...config, llama4 }, withAdapters).build() : new DecoderGraph(builder, checkpoint, config, withAdapters).build();
}

/** An adapter for a matrix that the graph does not multiply by, such as the own head of a model with tied embeddings, would be lost without a word. */
function refuseUnused([name]: readonly string[]): void {
  if (name !== undefined) throw new LlamaCoreError('adapter_unsupported', `The adapter changes ${name}, which this model does not use as a linear layer.`, { param: name });
}
