import { LlamaCoreError } from '../errors.js';
import { type ScoredToken, tokenLogprobs } from '../sampling/logprobs.js';
import { Sampler } from '../sampling/sampler.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { AnswerText } from './answer-text.js';
import type { EngineEvent, EngineRequest, FinishReason, Token, TokenAlternative } from './engine.js';
import { responseConstraint } from './response-constraint.js';

export interface GenerationParts {
  request: EngineRequest;
  promptIds: readonly number[];
  maxTokens: number;
  tokenizer: Tokenizer;
  eosTokenIds: ReadonlySet<number>;
}

/** One answer under way: chooses tokens, turns them into text, notices its end. */
export class Generation {
  readonly promptIds: readonly number[];
  readonly maxTokens: number;
  lastToken = 0;
  readonly submittedAt = performance.now();
  startedAt: number | undefined;
  /** Prompt tokens taken from the prefix cache. */
  cachedTokens = 0;
  private readonly sampler: Sampler;
  private readonly answer: AnswerText;

  /** @throws LlamaCoreError for a response format that cannot be kept to or a bias on a token that does not exist. */
  constructor(private readonly parts: GenerationParts) {
    this.promptIds = parts.promptIds;
    this.maxTokens = parts.maxTokens;
    this.sampler = samplerOf(parts);
    this.answer = new AnswerText({ tokenizer: parts.tokenizer, maxTokens: parts.maxTokens, stop: parts.request.stop ?? [] });
  }

  get finished(): FinishReason | undefined {
    return this.answer.finished;
  }

  get completionTokens(): number {
    return this.answer.completionTokens;
  }

  /** Takes the logits [vocabulary] after the last token; returns what may be shown now. */
  accept(logits: Float32Array): EngineEvent | undefined {
    const id = this.sampler.choose(logits);
    const count = this.parts.request.topLogprobs;
    return this.take(count === undefined ? { id } : { id, ...tokenLogprobs(logits, id, count) });
  }

  /** Takes a token that was chosen elsewhere. */
  take({ id, logprob, top }: Partial<ScoredToken> & { id: number; top?: readonly ScoredToken[] }): EngineEvent | undefined {
    this.lastToken = id;
    if (this.parts.eosTokenIds.has(id) && !this.parts.request.ignoreEos) return this.answer.endOfAnswer();
    const token: Token = { id, bytes: this.bytesOf(id) };
    return this.answer.push(logprob === undefined ? token : { ...token, logprob, top: (top ?? []).map((other) => this.alternative(other)) });
  }

  end(): EngineEvent {
    const now = performance.now();
    const startedAt = this.startedAt ?? now;
    return { type: 'end', reason: this.finished ?? 'length', promptTokens: this.promptIds.length, cachedTokens: this.cachedTokens, completionTokens: this.completionTokens, queueMs: startedAt - this.submittedAt, inferenceMs: now - startedAt };
  }

  private alternative({ id, logprob }: ScoredToken): TokenAlternative {
    return { id, bytes: this.bytesOf(id), logprob };
  }

  private bytesOf(id: number): number[] {
    return Array.from(this.parts.tokenizer.bytesOf(id));
  }
}

function samplerOf({ request, promptIds, tokenizer, eosTokenIds }: GenerationParts): Sampler {
  const { temperature = 0, topP = 1, topK = 0, minP = 0, typicalP = 1, repetitionPenalty = 1, frequencyPenalty = 0, presencePenalty = 0, seed = Math.floor(Math.random() * 2 ** 32) } = request;
  const bias = request.logitBias && new Map(Object.entries(request.logitBias).map(([id, value]) => [Number(id), value]));
  const stranger = [...(bias?.keys() ?? [])].find((id) => id >= tokenizer.vocabularySize);
  if (stranger !== undefined) throw new LlamaCoreError('invalid_request', `logitBias: this model's token ids go from 0 to ${tokenizer.vocabularySize - 1}.`, { param: 'logitBias' });
  const constraint = request.responseFormat && responseConstraint(request.responseFormat, tokenizer, eosTokenIds);
  return new Sampler({ temperature, topP, topK, minP, typicalP, repetitionPenalty, frequencyPenalty, presencePenalty, seed, ...(bias ? { logitBias: bias } : {}) }, promptIds, constraint);
}
