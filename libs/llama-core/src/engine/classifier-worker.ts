import { workerData } from 'node:worker_threads';
import { LlamaCoreError } from '../errors.js';
import { loadEncoder } from '../runtime/load-model.js';
import { loadFolderTokenizer } from '../tokenizer/load-tokenizer.js';
import { DEBERTA_WINDOW, WINDOW } from './classifier-windows.js';
import type { Classification, ClassifierInfo, ClassifyRequest, EncoderClassifierOptions } from './classifier.js';
import { EncoderBatcher } from './encoder-batcher.js';
import { serveWorker } from './serve-worker.js';

await serveWorker<ClassifyRequest, Classification[], ClassifierInfo>(async (outlet) => {
  const { model: path, maxQueuedWindows = 20_000, ...rest } = workerData as EncoderClassifierOptions;
  const { runner, config, sha256 } = await loadEncoder({ path, ...rest });
  const { tokenizer } = await loadFolderTokenizer(path);
  const [cls, sep] = tokenizer.wrapping;
  if (cls === undefined || sep === undefined) throw new LlamaCoreError('tokenizer_invalid', 'Expected a tokenizer that puts two control tokens around a text.', { param: 'tokenizer.json' });
  const { labels, multiLabel, maxTokens } = config;
  const window = config.family === 'deberta' ? DEBERTA_WINDOW : WINDOW;
  const service = new EncoderBatcher({ runner, tokenizer, markers: { cls, sep }, labels, multiLabel, maxTokens, window, maxQueuedWindows }, outlet);
  return { service, info: { labels, maxTokens, sha256 } };
});
