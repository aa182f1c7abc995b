import { listModels } from '@sallyport/llama-core';
import { loadConfig } from '@sallyport/platform';
import type { Command } from 'commander';
import { byteSize } from '../../byte-sizes.js';

/** `sallyport models list`. */
export function registerList(models: Command): void {
  models
    .command('list')
    .description('the catalog, and what is here already')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const found = await listModels(loadConfig().modelsFolder);
      if (json) return console.log(JSON.stringify(found, null, 2));
      const width = Math.max(...found.map(({ reference }) => reference.length));
      for (const { reference, bytes, path, license } of found) console.log(`${reference.padEnd(width)}  ${byteSize(bytes).padStart(8)}  ${path === undefined ? 'not here: sallyport models pull gets it' : path}${license === undefined ? '' : `  (${license})`}`);
    });
}
