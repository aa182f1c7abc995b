// The engines that run in Node, for engine-process.mjs: `serve.mjs llama-core | transformers.js <threads> <folder of transformers.js>`.
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../tools/bootstrap.mjs';
import { graphFolder, importPeer, seconds } from '../engines.mjs';

/** As the screening services open and call it: libs/screening/src/open-screen.ts. */
async function llamaCore(threads) {
  const { createEncoderClassifier } = await import('../../libs/llama-core/dist/index.js');
  const classifier = await createEncoderClassifier({ model: join(root, 'models', 'guard'), threads, quantization: 'int8', cacheFolder: graphFolder });
  const { labels } = classifier.describe();
  return { versions: 'llama-core', classify: async (_variant, texts) => (await classifier.classify(texts.map((text) => ({ text })))).map(({ scores }) => labels.map((label) => scores[label])), close: () => classifier.close() };
}

async function transformersJs(threads, folder) {
  const { env, pipeline } = await importPeer('@huggingface/transformers/dist/transformers.node.mjs');
  Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(folder) });
  const pipes = {};
  for (const dtype of ['fp32', 'q8']) pipes[dtype] = await pipeline('text-classification', basename(folder), { dtype, device: 'cpu', session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 } });
  const at = pipes.fp32.model.config.label2id;
  const inOrder = (row) => row.toSorted((a, b) => at[a.label] - at[b.label]).map(({ score }) => score);
  return { versions: `transformers.js ${env.version}`, classify: async (variant, texts) => (await pipes[variant](texts, { top_k: null })).map(inOrder), close: () => Promise.all(Object.values(pipes).map((pipe) => pipe.dispose())) };
}

const [engine, threads, folder] = process.argv.slice(2);
const { versions, classify, close } = await (engine === 'llama-core' ? llamaCore : transformersJs)(Number(threads), folder);
const answer = (value) => console.log(JSON.stringify(value));
answer({ versions });
for await (const line of createInterface({ input: process.stdin })) {
  const { variant, texts, calls } = JSON.parse(line);
  const ms = [];
  let scores;
  for (let call = 0; call < calls; call += 1) ms.push(1_000 * (await seconds(async () => { scores = await classify(variant, texts); })));
  answer({ ms, scores });
}
await close();
process.exit(0);
