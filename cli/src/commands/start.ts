import { startEmbedded } from '@sallyport/embedded';
import { closeOnSignal, loadConfig } from '@sallyport/platform';
import type { Command } from 'commander';
import { DownloadProgress } from '../progress.js';

interface StartFlags {
  port?: string;
  host?: string;
  home?: string;
  generator?: string;
}

/** `sallyport start`. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start the gateway with everything it needs in this one process')
    .option('-p, --port <number>', 'port to listen on (PORT, default 8080; 0: any free one)')
    .option('--host <address>', 'address to listen on (HOST, default 127.0.0.1; others need SALLYPORT_API_KEYS)')
    .option('--home <folder>', 'folder for data and models (SALLYPORT_HOME, default .sallyport)')
    .option('--generator <reference>', 'model folder, GGUF file, catalog id, hf:org/name or openai:<base URL>#<model> (SALLYPORT_GENERATOR)')
    .action(start);
}

async function start(flags: StartFlags): Promise<void> {
  const config = loadConfig(undefined, { PORT: flags.port, HOST: flags.host, SALLYPORT_HOME: flags.home, SALLYPORT_GENERATOR: flags.generator });
  const progress = new DownloadProgress();
  console.error('Starting Sallyport: loading the guards and the generator …');
  const server = await startEmbedded(config, { onProgress: progress.show });
  progress.finish();
  closeOnSignal(() => server.close());
  console.log(welcome(server.url, config.generator, config.apiKeys.length > 0));
}

function welcome(url: string, generator: string, withKeys: boolean): string {
  const key = withKeys ? ` -H 'authorization: Bearer <key>'` : '';
  return `
Sallyport listens on ${url}

  console   ${url}/
  API docs  ${url}/docs
  try       curl ${url}/v1/chat/completions -H 'content-type: application/json'${key} \\
              -d '{"model": "${generator}", "messages": [{"role": "user", "content": "What is the capital of France?"}]}'

Ctrl-C stops it.`;
}
