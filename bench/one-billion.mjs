// Peak memory of loading and decoding a model of a given shape with random weights: `node bench/one-billion.mjs [1b|embedding|huge] [none|int8|int4]`.
// The GGUF is written run by run; a child process then builds the graph, opens it and decodes, and reports its own peak. The result is one JSON line.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `1b` is Llama 3.2 1B, `embedding` a shallow model whose embedding and head have 320 MB each as float32,
 * `huge` one with an embedding of 2.4 GB. */
const SHAPES = {
  '1b': { type: 'Q4_0', hidden: 2048, layers: 16, heads: 32, kvHeads: 8, ffn: 8192, vocab: 128_256, tied: true },
  embedding: { type: 'F32', hidden: 1024, layers: 1, heads: 16, kvHeads: 4, ffn: 512, vocab: 81_920, tied: false },
  huge: { type: 'F32', hidden: 1024, layers: 1, heads: 16, kvHeads: 4, ffn: 512, vocab: 614_400, tied: false },
};
const TYPES = { F32: { number: 0, elements: 1, bytes: 4 }, Q4_0: { number: 2, elements: 32, bytes: 18 } };
const RUN_BYTES = 1 << 20;

class Header {
  parts = [];
  number(size, value) {
    const bytes = Buffer.alloc(size);
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeUInt32LE(value);
    this.parts.push(bytes);
    return this;
  }
  text(value) {
    this.number(8, Buffer.byteLength(value)).parts.push(Buffer.from(value));
    return this;
  }
  count(key, value) {
    return this.text(key).number(4, 4).number(4, value);
  }
}

function tensorsOf({ type, hidden, layers, heads, kvHeads, ffn, vocab, tied }) {
  const kv = (hidden / heads) * kvHeads;
  const matrix = (name, rows, columns) => ({ name: `${name}.weight`, rows, columns, type });
  const norm = (name) => ({ name: `${name}.weight`, columns: hidden, type: 'F32', ones: true });
  const layer = (i) => [
    norm(`blk.${i}.attn_norm`), matrix(`blk.${i}.attn_q`, hidden, hidden), matrix(`blk.${i}.attn_k`, kv, hidden), matrix(`blk.${i}.attn_v`, kv, hidden), matrix(`blk.${i}.attn_output`, hidden, hidden),
    norm(`blk.${i}.ffn_norm`), matrix(`blk.${i}.ffn_gate`, ffn, hidden), matrix(`blk.${i}.ffn_up`, ffn, hidden), matrix(`blk.${i}.ffn_down`, hidden, ffn),
  ];
  return [matrix('token_embd', vocab, hidden), ...(tied ? [] : [matrix('output', vocab, hidden)]), ...Array.from({ length: layers }, (_, i) => layer(i)).flat(), norm('output_norm')];
}

const padded = (bytes) => Math.ceil(bytes / 32) * 32;
const sizeOf = ({ rows = 1, columns, type }) => (rows * columns * TYPES[type].bytes) / TYPES[type].elements;

/** A megabyte of plausible values of a type, written again and again. */
function runOf(type, ones) {
  const { bytes, elements } = TYPES[type];
  const run = Buffer.alloc(Math.floor(RUN_BYTES / bytes) * bytes);
  for (let at = 0; at < run.length; at += bytes)
    if (elements === 1) run.writeFloatLE(ones ? 1 : (Math.random() - 0.5) * 0.05, at);
    else {
      run.writeUInt16LE(0x1400 + Math.floor(Math.random() * 0x400), at); // half-precision scales of 0.001 to 0.002
      for (let i = 2; i < bytes; i++) run[at + i] = Math.random() * 256;
    }
  return run;
}

function writeModel(path, shape) {
  const tensors = tensorsOf(shape);
  const header = new Header();
  header.parts.push(Buffer.from('GGUF'));
  header.number(4, 3).number(8, tensors.length).number(8, 8).text('general.architecture').number(4, 8).text('llama');
  const counts = { context_length: 2048, embedding_length: shape.hidden, block_count: shape.layers, feed_forward_length: shape.ffn, 'attention.head_count': shape.heads, 'attention.head_count_kv': shape.kvHeads, vocab_size: shape.vocab };
  for (const [key, value] of Object.entries(counts)) header.count(`llama.${key}`, value);
  let offset = 0;
  for (const tensor of tensors) {
    header.text(tensor.name).number(4, tensor.rows ? 2 : 1).number(8, tensor.columns);
    if (tensor.rows) header.number(8, tensor.rows);
    header.number(4, TYPES[tensor.type].number).number(8, offset);
    offset += padded(sizeOf(tensor));
  }
  const file = openSync(path, 'w');
  const head = Buffer.concat(header.parts);
  writeSync(file, Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)]));
  const runs = { [shape.type]: runOf(shape.type, false), ones: runOf('F32', true) };
  for (const tensor of tensors) {
    const run = runs[tensor.ones ? 'ones' : shape.type];
    for (let left = sizeOf(tensor); left > 0; left -= run.length) writeSync(file, run, 0, Math.min(run.length, left));
    writeSync(file, Buffer.alloc(padded(sizeOf(tensor)) - sizeOf(tensor)));
  }
  closeSync(file);
}

/** The child's part: load, read a prompt, decode. */
async function measure(path, quantization, cacheFolder) {
  const { loadDecoder } = await import('../libs/llama-core/dist/runtime/load-model.js');
  const peakMb = () => Math.round(process.resourceUsage().maxRSS / 1024);
  const atStartMb = peakMb();
  const startedAt = performance.now();
  const { runner } = await loadDecoder({ path, quantization, cacheFolder, contextTokens: 1024, threads: 2 });
  const loadedMb = peakMb();
  const loadSeconds = (performance.now() - startedAt) / 1000;
  await runner.prefill(1, Array.from({ length: 64 }, (_, i) => i), 'last');
  for (let i = 0; i < 8; i++) await runner.decode([{ id: 1, token: i }]);
  await runner.close();
  console.log(JSON.stringify({ atStartMb, loadedMb, peakMb: peakMb(), loadSeconds: Number(loadSeconds.toFixed(1)) }));
}

const [shapeName = '1b', quantization = 'int4', childPath, childCache] = process.argv.slice(2);
if (childPath) await measure(childPath, quantization, childCache);
else {
  const folder = mkdtempSync(join(process.env.SALLYPORT_BENCH_FOLDER ?? tmpdir(), 'one-billion-'));
  try {
    const [model, graphs] = [join(folder, 'model.gguf'), join(folder, 'graphs')];
    mkdirSync(graphs);
    writeModel(model, SHAPES[shapeName]);
    const run = () => JSON.parse(spawnSync(process.execPath, [fileURLToPath(import.meta.url), shapeName, quantization, model, graphs], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
    const [building, again] = [run(), run()];
    const graph = readdirSync(graphs).find((name) => name !== 'hashes');
    const mb = (path) => Math.round(statSync(path).size / 2 ** 20);
    console.log(JSON.stringify({ shape: shapeName, quantization, fileMb: mb(model), graphMb: mb(join(graphs, graph, 'weights.bin')), building, again }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
