import { basename } from 'node:path';
import { createLlamaCppEngine, createLocalEngine, type PullProgress, pullModel } from '@sallyport/llama-core';
import type { SallyportConfig } from '@sallyport/platform';
import type { Backend } from './backend.js';
import { LocalBackend } from './local/local-backend.js';
import { UpstreamBackend } from './upstream/upstream-backend.js';
import { parseUpstreamReference, readUpstreamFile } from './upstream/upstream-routes.js';

/** Opens the backend that SALLYPORT_GENERATOR names (a model reference, `llama.cpp:<GGUF reference>` or `openai:<base URL>#<model>`) and those of SALLYPORT_UPSTREAMS. */
export async function openGenerator(config: SallyportConfig, onProgress?: (progress: PullProgress) => void): Promise<Backend[]> {
  const routes = config.upstreamsFile === undefined ? [] : await readUpstreamFile(config.upstreamsFile);
  const upstream = parseUpstreamReference(config.generator);
  const main = upstream ? new UpstreamBackend(upstream) : await openLocal(config, onProgress);
  return [main, ...routes.map((route) => new UpstreamBackend(route))];
}

const ON_LLAMA_CPP = 'llama.cpp:';

async function openLocal({ generator, threads, graphsFolder, modelsFolder, hub }: SallyportConfig, onProgress?: (progress: PullProgress) => void): Promise<LocalBackend> {
  const onLlamaCpp = generator.startsWith(ON_LLAMA_CPP);
  const reference = onLlamaCpp ? generator.slice(ON_LLAMA_CPP.length) : generator;
  const model = await pullModel(reference, { modelsFolder, ...hub, ...(onProgress ? { onProgress } : {}) });
  const engine = await (onLlamaCpp ? createLlamaCppEngine({ model, threads }) : createLocalEngine({ model, quantization: 'int8', threads, cacheFolder: graphsFolder }));
  return new LocalBackend(modelId(reference), engine);
}

/** Clients see the last part of a path without its ending, a hub's name without `hf:`, and a catalog id as it is. */
function modelId(reference: string): string {
  return reference.startsWith('hf:') ? reference.slice(3) : basename(reference).replace(/\.gguf$/i, '');
}
