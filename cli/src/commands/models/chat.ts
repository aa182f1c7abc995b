import { createInterface } from 'node:readline';
import { createLlamaCppEngine, createLocalEngine, createRemoteEngine, type Engine, type Quantization } from '@sallyport/llama-core';
import { loadConfig } from '@sallyport/platform';
import { type Command, Option } from 'commander';
import { ChatSession, type ChatSettings } from './chat-session.js';
import { readSetting } from './chat-settings.js';
import { fetchModel, REFERENCE_HELP } from './fetch-model.js';

interface ChatFlags {
  engine: 'local' | 'llama.cpp';
  quantize: Quantization;
  context?: string;
  system?: string;
  temperature?: string;
  topP?: string;
  seed?: string;
  maxTokens?: string;
}

/** `sallyport models chat`. */
export function registerChat(models: Command): void {
  models
    .command('chat')
    .description('talk to a model in the terminal, unscreened; lines from a pipe are turns too')
    .argument('[reference]', `${REFERENCE_HELP}, or openai:<base URL>#<model>`, 'smollm2-135m-instruct')
    .option('--system <text>', 'system message')
    .option('--temperature <number>', '0: always the most likely token')
    .option('--top-p <number>', 'share of the most likely tokens to draw from')
    .option('--seed <number>', 'the same answers again')
    .option('--max-tokens <number>', 'longest answer')
    .option('--context <tokens>', 'longest conversation')
    .addOption(new Option('--quantize <bits>', 'quantize the weights on load').choices(['none', 'int4', 'int8']).default('int8'))
    .addOption(new Option('--engine <engine>', 'what computes').choices(['local', 'llama.cpp']).default('local'))
    .action(chat);
}

async function chat(reference: string, flags: ChatFlags): Promise<void> {
  const settings: ChatSettings = {};
  for (const name of ['temperature', 'topP', 'seed', 'maxTokens'] as const) if (flags[name] !== undefined) settings[name] = readSetting(name, flags[name]);
  const engine = await openEngine(reference, flags);
  const session = new ChatSession({ engine, settings, write: (text) => process.stdout.write(printable(text)), ...(flags.system === undefined ? {} : { system: flags.system }) });
  try {
    await talk(session, reference);
  } finally {
    await engine.close();
  }
}

/** A model's answer may hold escape sequences, which a terminal would obey. */
const printable = (text: string): string => text.replace(/(?![\n\t])\p{Cc}/gu, '');

const REMOTE = /^openai:(https?:\/\/[^#]+)#(.+)$/;

async function openEngine(reference: string, flags: ChatFlags): Promise<Engine> {
  const [, baseUrl, model] = REMOTE.exec(reference) ?? [];
  if (baseUrl !== undefined && model !== undefined) return createRemoteEngine({ baseUrl: baseUrl.replace(/\/$/, ''), model });
  const { graphsFolder, threads } = loadConfig();
  const path = await fetchModel(reference);
  const context = flags.context === undefined ? {} : { contextTokens: readSetting('context', flags.context) };
  if (flags.engine === 'llama.cpp') return createLlamaCppEngine({ model: path, threads, maxRunning: 1, ...context });
  return createLocalEngine({ model: path, quantization: flags.quantize, threads, cacheFolder: graphsFolder, maxRunning: 1, ...context });
}

/** One line, one turn. In a terminal Ctrl-C stops an answer, or the program where nothing runs. */
async function talk(session: ChatSession, reference: string): Promise<void> {
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, terminal, prompt: '> ', ...(terminal ? { output: process.stdout } : {}) });
  lines.on('SIGINT', () => { if (!session.stop()) lines.close(); });
  if (terminal) {
    console.log(`${reference} listens. /help tells what else there is.`);
    lines.prompt();
  }
  for await (const line of lines) {
    if ((await session.handle(line)) === 'exit') break;
    if (terminal) lines.prompt();
  }
  lines.close();
}
