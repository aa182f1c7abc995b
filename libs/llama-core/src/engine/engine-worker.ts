import { basename } from 'node:path';
import { workerData } from 'node:worker_threads';
import { chooseChatTemplate } from '../chat-template/choose-template.js';
import type { DecoderRunner } from '../runtime/decoder-runner.js';
import { loadDecoder } from '../runtime/load-model.js';
import type { SchedulerLimits } from '../scheduling/scheduler.js';
import { loadFolderTokenizer, loadGgufTokenizer } from '../tokenizer/load-tokenizer.js';
import type { EngineDescription } from './engine.js';
import type { EngineMessage, EngineReply } from './engine-messages.js';
import { EngineService } from './engine-service.js';
import type { LocalEngineOptions } from './local-engine.js';
import { PromptEncoder } from './prompt-encoder.js';
import { serveWorker } from './serve-worker.js';

const MIB = 2 ** 20;

/** Memory in tokens; the longest sequence always fits. */
function limitsOf(options: LocalEngineOptions, runner: DecoderRunner): SchedulerLimits {
  const { maxRunning = 16, maxWaiting = 256, stepTokens = 256, kvBytes = 768 * MIB, prefixCacheBytes = kvBytes / 4 } = options;
  const tokens = (bytes: number) => Math.floor(bytes / runner.kvBytesPerToken);
  return { maxRunning, maxWaiting, stepTokens, kvTokens: Math.max(tokens(kvBytes), runner.maxTokens), prefixTokens: tokens(prefixCacheBytes) };
}

await serveWorker<EngineMessage, EngineReply, EngineDescription>(async (outlet) => {
  const options = workerData as LocalEngineOptions;
  const { model: path, maxSessions = 256, ...rest } = options;
  const { runner, config, sha256, metadata } = await loadDecoder({ path, ...rest });
  const { tokenizer, template } = await (metadata ? loadGgufTokenizer(metadata) : loadFolderTokenizer(path));
  const chat = chooseChatTemplate({ ...(template !== undefined && { template }), name: basename(path) }, tokenizer);
  const encoder = new PromptEncoder({ tokenizer, template: chat, vocabularySize: runner.vocabularySize, maxTokens: runner.maxTokens });
  const service = new EngineService({ runner, tokenizer, encoder, eosTokenIds: new Set(config.eosTokenIds), limits: limitsOf(options, runner), maxSessions }, outlet);
  return { service, info: { contextTokens: runner.maxTokens, vocabularySize: config.vocabSize, sha256, hasChatTemplate: chat !== undefined } };
});
