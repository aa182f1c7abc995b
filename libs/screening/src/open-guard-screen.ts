import { basename } from 'node:path';
import { SallyportError } from '@sallyport/contracts';
import { pullModel } from '@sallyport/llama-core';
import { createLogger, errorFields, type SallyportConfig } from '@sallyport/platform';
import { CascadeScreen } from './cascade-screen.js';
import { isDecoder } from './llama-guard/guard-version.js';
import { type ModelReference, parseGuardReference, type ServerReference } from './llama-guard/guard-reference.js';
import { LlamaGuardScreen } from './llama-guard/llama-guard-screen.js';
import { openLocalGuard, openRemoteGuard } from './llama-guard/open-llama-guard.js';
import { openScreen, type ScreenSpec } from './open-screen.js';
import type { Screen } from './screen.js';

/** Opens what SALLYPORT_GUARD names: an encoder, a Llama Guard, or both as a cascade. @throws LlamaCoreError, SallyportError */
export async function openGuardScreen(config: SallyportConfig, spec: ScreenSpec): Promise<Screen> {
  const parsed = parseGuardReference(spec.reference);
  if (parsed.kind === 'bundled') return openScreen(config, spec);
  if (parsed.kind !== 'cascade') return (await openLlamaGuard(config, parsed)) ?? openScreen(config, spec);
  const second = await openLlamaGuard(config, parsed.second);
  if (!second) throw new SallyportError('invalid_request', 'SALLYPORT_GUARD: expected a Llama Guard after bundled+, found an encoder.', { param: 'SALLYPORT_GUARD' });
  return new CascadeScreen(await openScreen(config, { ...spec, reference: 'bundled' }), second);
}

/** Undefined for an encoder. */
async function openLlamaGuard(config: SallyportConfig, reference: ModelReference | ServerReference): Promise<Screen | undefined> {
  const logger = createLogger({ service: 'guard', level: config.logLevel });
  const onFailure = (error: unknown) => logger.error(errorFields(error), 'a text could not be scored');
  if (reference.kind === 'server') return new LlamaGuardScreen(await openRemoteGuard(reference, config.guardApiKey), reference.model, onFailure);
  const path = await pullModel(reference.reference, { modelsFolder: config.modelsFolder, ...config.hub });
  if (reference.version === undefined && !(await isDecoder(path))) return undefined;
  const model = await openLocalGuard({ path, version: reference.version, quantization: config.guardQuantization, threads: config.threads, cacheFolder: config.graphsFolder });
  return new LlamaGuardScreen(model, reference.reference.startsWith('hf:') ? reference.reference : basename(reference.reference), onFailure);
}
