// The model that the other examples use: downloaded once (94 MB), found again afterwards.
import { fileURLToPath } from 'node:url';
import { pullModel } from '@sallyport/llama-core';

const folder = (name) => fileURLToPath(new URL(`../.sallyport/${name}`, import.meta.url));

/** Options for `createLocalEngine`. */
export async function defaultModel() {
  const model = await pullModel('smollm2-135m-instruct', { modelsFolder: folder('models'), onProgress: (progress) => { if (progress.type === 'source') console.error(`Downloading from ${progress.text} …`); } });
  return { model, quantization: 'int8', cacheFolder: folder('graphs') };
}
