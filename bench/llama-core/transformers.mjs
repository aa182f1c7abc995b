// transformers on PyTorch as one more row: the same shape in float32, on the same threads of the same machine.
import { fileURLToPath } from 'node:url';
import { MAX_SEQUENCES, modelPath, rounded, THREADS } from '../engines.mjs';
import { runPython } from '../python.mjs';
import { sizesOf } from './speeds.mjs';

async function shapeOf(path) {
  const { inspectModel } = await import('../../libs/llama-core/dist/index.js');
  const { config } = await inspectModel(path);
  return { vocab_size: config.vocabSize, hidden_size: config.hiddenSize, intermediate_size: config.intermediateSize, num_hidden_layers: config.layers, num_attention_heads: config.heads, num_key_value_heads: config.kvHeads, tie_word_embeddings: config.tiedEmbeddings };
}

/** Rows beside ours; one that says why where it cannot be measured. `ours`: speeds of the engine to compare. */
export async function transformersRows(options, [name, ours]) {
  const { python, rounds } = options;
  if (python === undefined) {
    console.log('  transformers: skipped; --python PATH names a Python that has torch and transformers.');
    return [{ engine: 'transformers', skipped: 'no --python' }];
  }
  console.log('  transformers …');
  const sizes = { ...sizesOf(options), rounds, sequences: MAX_SEQUENCES, threads: THREADS };
  const script = fileURLToPath(new URL('transformers_speed.py', import.meta.url));
  const { versions, ...speeds } = JSON.parse(runPython(python, script, [JSON.stringify(await shapeOf(modelPath)), JSON.stringify(sizes)]));
  return Object.entries(speeds).map(([key, value]) => ({ engine: `${versions}, float32`, case: key, 'tokens/s': rounded(value), [`${name}, tokens/s`]: rounded(ours[key].median), ratio: rounded(ours[key].median / value, 2) }));
}
