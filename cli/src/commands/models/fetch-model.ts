import { pullModel } from '@sallyport/llama-core';
import { loadConfig } from '@sallyport/platform';
import { DownloadProgress } from '../../progress.js';

/** What may stand for a model on the command line. */
export const REFERENCE_HELP = 'model folder, GGUF file, catalog id or hf:org/name';

/** Path of a model, after getting it where it is not here. */
export async function fetchModel(reference: string): Promise<string> {
  const { modelsFolder, hub } = loadConfig();
  const progress = new DownloadProgress();
  try {
    return await pullModel(reference, { modelsFolder, onProgress: progress.show, ...hub });
  } finally {
    progress.finish();
  }
}
