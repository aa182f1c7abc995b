import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScreenRequest, ScreenSubject } from '@sallyport/contracts';
import { createLocalEngine, type Engine, loadFolderTokenizer, type ScoreResult } from '@sallyport/llama-core';
import type { LlamaGuardVersion } from '@sallyport/policy';
import { LlamaGuardScreen } from './llama-guard-screen.js';
import { ScoredGuard } from './scored-guard.js';

export const TINY_VERSIONS = ['llama-guard-1', 'llama-guard-3-1b', 'llama-guard-4'] as const satisfies readonly LlamaGuardVersion[];
export type TinyVersion = (typeof TINY_VERSIONS)[number];

/** What transformers computed of a conversation (fixtures/make_guards.py). */
export interface GoldenCase {
  messages: Array<{ role: 'user' | 'assistant'; content: string }>;
  question: Pick<ScreenRequest, 'customCategories' | 'excluded'>;
  unsafe: number;
  shares: Record<string, number>;
  /** Of the prompt up to the verdict. */
  tokens: number;
}

export const tinyFolder = (version: TinyVersion): string => fileURLToPath(new URL(`../../fixtures/guards/${version}`, import.meta.url));
export const goldenCases = async (version: TinyVersion): Promise<GoldenCase[]> => JSON.parse(await readFile(join(tinyFolder(version), 'golden.json'), 'utf8')) as GoldenCase[];

export interface TinyGuard {
  screen: LlamaGuardScreen;
  engine: Engine;
  /** What the engine was asked to score since the last call, with its cost. */
  takeScored(): ScoreResult[];
  /** The prompts that were scored since the last call, as text. */
  takePrompts(): string[];
  failures: unknown[];
}

export interface TinyGuardOptions {
  contextTokens?: number;
  /** 0 switches the prefix cache off. */
  prefixCacheBytes?: number;
  as?: LlamaGuardVersion;
  leastVerdictMass?: number;
}

/** A tiny trained Llama Guard on the real engine, in float32. */
export async function openTinyGuard(version: TinyVersion, { contextTokens = 2_048, prefixCacheBytes, as = version, leastVerdictMass }: TinyGuardOptions = {}): Promise<TinyGuard> {
  const { tokenizer } = await loadFolderTokenizer(tinyFolder(version));
  const engine = await createLocalEngine({ model: tinyFolder(version), quantization: 'none', threads: 1, contextTokens, cacheFolder: join(tmpdir(), 'sallyport-fixture-graphs'), ...(prefixCacheBytes === undefined ? {} : { prefixCacheBytes }) });
  const scored: ScoreResult[] = [];
  const prompts: string[] = [];
  const counting: Engine = {
    ...engine,
    score: async (request, signal) => {
      const result = await engine.score(request, signal);
      scored.push(result);
      if ('tokenIds' in request.prompt) prompts.push(tokenizer.decode(request.prompt.tokenIds));
      return result;
    },
  };
  const failures: unknown[] = [];
  try {
    const model = await ScoredGuard.open({ engine: counting, tokenizer, version: as, ...(leastVerdictMass === undefined ? {} : { leastVerdictMass }) });
    return { screen: new LlamaGuardScreen(model, 'tiny', (error) => failures.push(error)), engine, takeScored: () => scored.splice(0), takePrompts: () => prompts.splice(0), failures };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Tokens that were really computed: of prompts, and of the verdict lines behind them. */
export const evaluated = (results: readonly ScoreResult[]): number => results.reduce((sum, { promptTokens, cachedTokens, scores }) => sum + promptTokens - cachedTokens + innerTokens(scores), 0);

/** Tokens after which another one is scored; each is computed once however many lines begin with it. */
const innerTokens = (scores: ScoreResult['scores']): number => new Set(scores.flatMap(({ tokenIds }) => tokenIds.slice(1).map((_, at) => tokenIds.slice(0, at + 1).join()))).size;

export function subjectOf({ messages }: Pick<GoldenCase, 'messages'>, id = 'input'): ScreenSubject {
  const last = messages.at(-1)!;
  return { id, direction: last.role === 'user' ? 'prompt' : 'response', text: last.content, history: messages.slice(0, -1).map(({ role, content }) => ({ role, text: content })) };
}
