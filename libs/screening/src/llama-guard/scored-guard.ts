import type { ContinuationScore, Engine, Tokenizer } from '@sallyport/llama-core';
import type { GuardPrompt, LlamaGuardVersion, PromptPart } from '@sallyport/policy';
import type { ScreenOptions } from '../screen.js';
import type { GuardAnswer, GuardCase, GuardModel, GuardModelInfo } from './guard-model.js';
import { findVerdictPlace, promptIds, type VerdictPlace, verdictPlaces } from './verdict-place.js';

export interface ScoredGuardOptions {
  engine: Engine;
  /** The engine's own. */
  tokenizer: Tokenizer;
  version: LlamaGuardVersion;
  engineName?: string;
  /**
   * Probability that both verdicts together must have; with less the model says something else and the check is indeterminate. Default 0.5.
   * At 0 the self-test is left out as well: for random models, which say everything alike.
   */
  leastVerdictMass?: number;
}

/** Room for the longest verdict line that is scored, in tokens. */
const VERDICT_TOKENS = 16;

/** A Llama Guard on an engine that scores: probabilities are read from the model, nothing is generated. */
export class ScoredGuard implements GuardModel {
  private constructor(
    private readonly options: ScoredGuardOptions,
    private readonly place: VerdictPlace,
    private readonly leastVerdictMass: number,
  ) {}

  /** Tests the model with a harmless prompt. @throws LlamaCoreError `config_invalid` when it gives no verdict to it. */
  static async open(options: ScoredGuardOptions): Promise<ScoredGuard> {
    const { engine, tokenizer, version, leastVerdictMass = 0.5 } = options;
    const place = leastVerdictMass === 0 ? verdictPlaces(version)[0]! : await findVerdictPlace(engine, tokenizer, version);
    return new ScoredGuard(options, place, leastVerdictMass);
  }

  describe(): GuardModelInfo {
    const { contextTokens, sha256 } = this.options.engine.describe();
    return { version: this.options.version, engine: this.options.engineName ?? 'onnxruntime', sha256, maxPromptTokens: contextTokens - VERDICT_TOKENS, takesPolicies: true };
  }

  async countTokens(parts: readonly PromptPart[]): Promise<number> {
    return (await promptIds({ parts: [...parts] }, this.options.tokenizer, this.place)).length;
  }

  async ask({ prompt }: GuardCase, { signal, lane }: ScreenOptions = {}): Promise<GuardAnswer> {
    const { engine, tokenizer } = this.options;
    const { before } = this.place;
    const spoken = ['safe', 'unsafe', ...prompt.codes.map((code) => `unsafe\n${code}`)];
    const [tokenIds, continuations] = await Promise.all([promptIds(prompt, tokenizer, this.place), Promise.all(spoken.map((text) => tokenizer.encodeContinuation(before + text)))]);
    const { scores, ...costs } = await engine.score({ prompt: { tokenIds }, continuations, ...(lane ? { lane } : {}) }, signal);
    const [safe, unsafe, ...codes] = scores;
    return { unsafe: this.unsafeOf(safe!, unsafe!), shares: sharesOf(prompt, codes), ...costs };
  }

  close(): Promise<void> {
    return this.options.engine.close();
  }

  /** Two-way softmax over the tokens at which the verdicts part. */
  private unsafeOf(safe: ContinuationScore, unsafe: ContinuationScore): number | undefined {
    const parting = safe.tokenIds.findIndex((id, at) => id !== unsafe.tokenIds[at]);
    const [pSafe, pUnsafe] = [safe, unsafe].map(({ logprobs }) => Math.exp(logprobs.slice(0, parting + 1).reduce((sum, value) => sum + value, 0)));
    const mass = pSafe! + pUnsafe!;
    return mass > 0 && mass >= this.leastVerdictMass ? pUnsafe! / mass : undefined;
  }
}

/** Probability that each code is the first one named, given that one is. Where the tokens of one code begin another's (O1, O10), the longer one's part is taken off. */
function sharesOf({ codes }: GuardPrompt, scores: readonly ContinuationScore[]): Map<string, number> {
  const likeliest = Math.max(...scores.map(({ logprob }) => logprob));
  const weights = scores.map(({ logprob }) => Math.exp(logprob - likeliest));
  const own = scores.map(({ tokenIds }, at) => {
    const longer = scores.reduce((sum, other, place) => (place !== at && begins(other.tokenIds, tokenIds) ? sum + weights[place]! : sum), 0);
    return Math.max(0, weights[at]! - longer);
  });
  const total = own.reduce((sum, value) => sum + value, 0);
  return new Map(codes.map((code, at) => [code, total > 0 ? own[at]! / total : 0]));
}

const begins = (whole: readonly number[], start: readonly number[]): boolean => whole.length > start.length && start.every((id, at) => whole[at] === id);
