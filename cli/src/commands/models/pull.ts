import type { Command } from 'commander';
import { fetchModel } from './fetch-model.js';

/** `sallyport models pull`. */
export function registerPull(models: Command): void {
  models
    .command('pull')
    .description('download a model unless it is here already: smollm2-135m-instruct, or hf:org/name')
    .argument('[reference]', 'model to fetch', 'smollm2-135m-instruct')
    .action(async (reference: string) => console.log(await fetchModel(reference)));
}
